import { figure } from '../figures.ts';
import { rampColor } from './colors.ts';
import { html, type Markup } from './markup.ts';
import { logTicks, place, powerText, rangeOf, ticks } from './scale.ts';

export interface HeatMap {
  title: string;
  /** One row per layer, from the input to the output. */
  rows: { name: string /** log10; NaN if there is no value. */; values: readonly number[] }[];
  /** Steps per column. */
  stride: number;
}

const rowHeight = 20;
const [left, width, bottom] = [110, 880, 34];

/** Heat maps of layers over time with a common color scale, and the scale. */
export function heatMaps(maps: readonly HeatMap[]): Markup {
  const range = rangeOf(maps.flatMap(({ rows }) => rows.flatMap(({ values }) => values)));
  return html`${maps.map((map) => heatMap(map, range))}${legend(range)}`;
}

function heatMap({ title, rows, stride }: HeatMap, range: [number, number]): Markup {
  const columns = Math.max(1, ...rows.map(({ values }) => values.length));
  const height = rows.length * rowHeight;
  const steps = { from: [0, columns * stride] as [number, number], to: [left, width] as [number, number] };
  const cell = (width - left) / columns;
  return html`<figure class="wide">
<figcaption>${title}</figcaption>
<svg viewBox="0 0 ${width + 8} ${height + bottom}" role="img" aria-label="${title}, layers by time">
${rows.map(
  ({ name, values }, row) =>
    html`<text class="left" x="${left - 6}" y="${row * rowHeight + rowHeight / 2}">${name}</text>${values.map(
      (value, i) => {
        const x = (left + i * cell).toFixed(2);
        const color = Number.isFinite(value) ? rampColor(place({ from: range, to: [0, 1] }, value)) : '#ddd';
        const text = Number.isFinite(value) ? figure(10 ** value) : 'no gradient';
        return html`<rect x="${x}" y="${row * rowHeight}" width="${(cell + 0.3).toFixed(2)}" height="${rowHeight - 1}" fill="${color}"><title>${name}, steps ${i * stride + 1} to ${(i + 1) * stride}: ${text}</title></rect>`;
      },
    )}`,
)}
${ticks(...steps.from, 6, 1).map((value) => {
  const x = place(steps, value).toFixed(1);
  return html`<line class="tick" x1="${x}" x2="${x}" y1="${height}" y2="${height + 4}"/><text class="below" x="${x}" y="${height + 15}">${figure(value)}</text>`;
})}
<text class="below" x="${(left + width) / 2}" y="${height + 30}">step</text>
</svg>
</figure>`;
}

const legendStops = 64;

function legend(range: [number, number]): Markup {
  const scale = { from: range, to: [left, width] as [number, number] };
  const cell = (width - left) / legendStops;
  return html`<figure class="wide">
<svg viewBox="0 0 ${width + 8} 50" role="img" aria-label="scale of colors: gradient norm">
<text class="left" x="${left - 6}" y="8">gradient norm</text>
${Array.from({ length: legendStops }, (_, i) => html`<rect x="${(left + i * cell).toFixed(2)}" y="0" width="${(cell + 0.3).toFixed(2)}" height="14" fill="${rampColor((i + 0.5) / legendStops)}"/>`)}
${logTicks(...range, 6).map((value) => {
  const x = place(scale, value).toFixed(1);
  return html`<line class="tick" x1="${x}" x2="${x}" y1="14" y2="18"/><text class="below" x="${x}" y="29">${powerText(value)}</text>`;
})}
<text class="below" x="${(left + width) / 2}" y="46">geometric mean over the seeds; gray: no gradient</text>
</svg>
</figure>`;
}
