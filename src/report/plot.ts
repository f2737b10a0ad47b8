import { figure } from '../figures.ts';
import { html, type Markup } from './markup.ts';
import { logTicks, place, powerText, rangeOf, ticks, tickText } from './scale.ts';

export interface Point {
  x: number;
  y: number;
  /** Limits of the band. */
  low?: number;
  high?: number;
}

export interface Series {
  name: string;
  color: string;
  dashed?: boolean;
  points: readonly Point[];
}

export interface PlotOptions {
  title: string;
  x: string;
  series: readonly Series[];
  /** The values are log10 of the numbers on the axis. */
  log?: boolean;
  /** Draws a marker at each point, with its figures. */
  marks?: boolean;
  /** Puts ticks on whole numbers only. */
  wholeX?: boolean;
}

const [width, height] = [340, 200];
const margin = { left: 56, right: 10, top: 8, bottom: 34 };

/** Curves with their bands, as a figure with a caption. */
export function plot({ title, x, series, log = false, marks = false, wholeX = false }: PlotOptions): Markup {
  const points = series.flatMap((one) => one.points).filter(({ y }) => Number.isFinite(y));
  const label = `${title}: ${series.map(({ name }) => name).join(' and ')} over ${x}`;
  if (points.length === 0) return html`<figure><figcaption>${title}</figcaption><p>Nothing was measured.</p></figure>`;
  const horizontal = {
    from: rangeOf(points.map((it) => it.x)),
    to: [margin.left, width - margin.right] as [number, number],
  };
  const vertical = {
    from: verticalRange(points),
    to: [height - margin.bottom, margin.top] as [number, number],
  };
  const at = (it: { x: number; y: number }) =>
    `${place(horizontal, it.x).toFixed(1)},${place(vertical, it.y).toFixed(1)}`;
  const levels = (log ? logTicks : ticks)(...vertical.from, 4);
  const [x0, x1] = horizontal.to;
  const [y0, y1] = vertical.to;
  return html`<figure>
<figcaption>${title}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
${levels.map((value) => {
  const y = place(vertical, value).toFixed(1);
  return html`<line class="grid" x1="${x0}" x2="${x1}" y1="${y}" y2="${y}"/><text class="left" x="${x0 - 5}" y="${y}">${log ? powerText(value) : tickText(value, levels)}</text>`;
})}
${ticks(...horizontal.from, 5, wholeX ? 1 : 0).map((value) => {
  const left = place(horizontal, value).toFixed(1);
  return html`<line class="tick" x1="${left}" x2="${left}" y1="${y0}" y2="${y0 + 4}"/><text class="below" x="${left}" y="${y0 + 15}">${figure(value)}</text>`;
})}
<line class="tick" x1="${x0}" x2="${x1}" y1="${y0}" y2="${y0}"/>
<text class="below" x="${(x0 + x1) / 2}" y="${height - 4}">${x}</text>
<svg x="${x0}" y="${y1}" width="${x1 - x0}" height="${y0 - y1}" viewBox="${x0} ${y1} ${x1 - x0} ${y0 - y1}" overflow="hidden">
${series.map((one) => band(one, at))}
${series.map((one) => line(one, at))}
</svg>
${marks && series.map((one) => one.points.map((point) => mark(one, point, place(horizontal, point.x), place(vertical, point.y), x, log)))}
</svg>
</figure>`;
}

/** Covers all means, and as much of the bands as keeps the means legible, because the bands of two seeds can be a hundred times as wide. */
function verticalRange(points: readonly Point[]): [number, number] {
  const [low, high] = rangeOf(points.map(({ y }) => y));
  const most = high - low;
  const bands = rangeOf([low, high, ...points.flatMap(({ low, high }) => [low ?? Number.NaN, high ?? Number.NaN])]);
  const rim = 0.04 * most;
  return [Math.max(bands[0], low - most) - rim, Math.min(bands[1], high + most) + rim];
}

type At = (it: { x: number; y: number }) => string;

function band({ points, color }: Series, at: At): Markup | undefined {
  const wide = points.filter(({ low, high }) => Number.isFinite(low) && Number.isFinite(high));
  if (wide.length < 2) return undefined;
  const round = [
    ...wide.map(({ x, high }) => at({ x, y: high! })),
    ...wide.map(({ x, low }) => at({ x, y: low! })).reverse(),
  ];
  return html`<polygon points="${round.join(' ')}" fill="${color}" fill-opacity="0.18"/>`;
}

function line({ points, color, dashed }: Series, at: At): Markup {
  const known = points.filter(({ y }) => Number.isFinite(y));
  return html`<polyline points="${known.map(at).join(' ')}" fill="none" stroke="${color}" stroke-width="1.6"${dashed ? html` stroke-dasharray="4 3"` : ''}/>`;
}

function mark(
  { name, color }: Series,
  point: Point,
  x: number,
  y: number,
  over: string,
  log: boolean,
): Markup | undefined {
  if (!Number.isFinite(point.y)) return undefined;
  const value = (number: number) => figure(log ? 10 ** number : number);
  const interval = Number.isFinite(point.low) ? ` (${value(point.low!)} to ${value(point.high!)})` : '';
  return html`<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3" fill="${color}"><title>${name}, ${over} ${point.x}: ${value(point.y)}${interval}</title></circle>`;
}
