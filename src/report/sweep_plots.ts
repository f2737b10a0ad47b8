import { figure } from '../figures.ts';
import { rampColor } from './colors.ts';
import { html, type Markup } from './markup.ts';
import { type Axis, axisOf } from './sweep_axes.ts';
import type { SweepFile, TrialRecord } from './sweep_file.ts';
import type { ConfigurationRow } from './sweep_rows.ts';

const [width, height] = [340, 210];
const margin = { left: 56, right: 12, top: 8, bottom: 24 };

/** If an option has at most this many values, the axis is marked at exactly these values. */
const mostMarks = 6;

/** The colors of a metric's value on a light and on a dark page, as CSS: the best stands out most. */
function colorsOf({ mode }: SweepFile['metric'], figures: readonly number[]): (figure: number) => string {
  const [low, high] = [Math.min(...figures), Math.max(...figures)];
  return (value) => {
    const share = high > low ? (value - low) / (high - low) : 1;
    const good = mode === 'max' ? share : 1 - share;
    // One end of the ramp is hardly visible on white, and the other on black.
    return `--light: ${rampColor(0.8 * (1 - good))}; --dark: ${rampColor(0.3 + 0.7 * good)}`;
  };
}

/** Plots the metric of every trial over one of the options that vary. */
export function optionPlot(path: string, { trials, metric }: SweepFile): Markup {
  const measured = trials.filter((trial): trial is TrialRecord & { metric: number } => trial.metric !== null);
  const across = axisOf(
    path,
    measured.map(({ varied }) => varied[path]),
    mostMarks,
  );
  const up = axisOf(
    metric.name,
    measured.map((trial) => trial.metric),
  );
  const color = colorsOf(
    metric,
    measured.map((trial) => trial.metric),
  );
  const [x0, x1, y0, y1] = [margin.left, width - margin.right, height - margin.bottom, margin.top];
  const x = (share: number) => (x0 + share * (x1 - x0)).toFixed(1);
  const y = (share: number) => (y0 + share * (y1 - y0)).toFixed(1);
  return html`<figure>
<figcaption>${across.name}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${metric.name} of every trial over ${path}">
${up.marks.map(({ at, text }) => html`<line class="grid" x1="${x0}" x2="${x1}" y1="${y(at)}" y2="${y(at)}"/><text class="left" x="${x0 - 5}" y="${y(at)}">${text}</text>`)}
${across.marks.map(({ at, text }) => html`<line class="tick" x1="${x(at)}" x2="${x(at)}" y1="${y0}" y2="${y0 + 4}"/><text class="below" x="${x(at)}" y="${y0 + 15}">${text}</text>`)}
<line class="tick" x1="${x0}" x2="${x1}" y1="${y0}" y2="${y0}"/>
${measured.map((trial) => html`<circle cx="${x(across.place(trial.varied[path]))}" cy="${y(up.place(trial.metric))}" r="4.5" class="mark" style="${color(trial.metric)}"><title>${trialTitle(trial, metric.name)}</title></circle>`)}
</svg>
</figure>`;
}

const trialTitle = ({ varied, seed, metric }: TrialRecord, name: string): string =>
  `${Object.entries(varied)
    .map(([path, value]) => `${path} ${JSON.stringify(value)}`)
    .join(', ')}, seed ${seed}: ${name} ${metric === null ? 'none' : figure(metric)}`;

const [wide, tall, side] = [880, 280, 60];

/** Parallel coordinates: a line for each configuration through its values and its metric. */
export function parallelCoordinates(rows: readonly ConfigurationRow[], { metric, trials }: SweepFile): Markup {
  const shown = rows.filter(({ estimate }) => estimate.n > 0);
  const paths = Object.keys(trials[0]!.varied);
  const axes: Axis[] = paths.map((path) =>
    axisOf(
      path,
      shown.map(({ varied }) => varied[path]),
      mostMarks,
    ),
  );
  const figures = shown.map(({ estimate }) => estimate.mean);
  const color = colorsOf(metric, figures);
  const all = [...axes, axisOf(metric.name, figures)];
  const x = (i: number) => side + (i * (wide - 2 * side)) / (all.length - 1);
  const y = (share: number) => tall - 20 - share * (tall - 60);
  const lineOf = ({ varied, estimate }: ConfigurationRow) =>
    all
      .map(
        (axis, i) =>
          `${x(i).toFixed(1)},${y(axis.place(i < axes.length ? varied[paths[i]!] : estimate.mean)).toFixed(1)}`,
      )
      .join(' ');
  // The best is drawn last, on top of the others.
  return html`<figure class="wide">
<svg viewBox="0 0 ${wide} ${tall}" role="img" aria-label="parallel coordinates: a line for each configuration">
${shown.toReversed().map((row) => html`<polyline points="${lineOf(row)}" class="mark" style="${color(row.estimate.mean)}" stroke-width="${row === shown[0] ? 3.5 : 1.5}"><title>${metric.name} ${figure(row.estimate.mean)}</title></polyline>`)}
${all.map(
  (axis, i) => html`<line class="tick" x1="${x(i)}" x2="${x(i)}" y1="${y(0)}" y2="${y(1)}"/>
<text class="axis ${i === 0 ? 'first' : i === all.length - 1 ? 'last' : 'below'}" x="${i === 0 ? 0 : i === all.length - 1 ? wide : x(i)}" y="16">${axis.name}</text>
${axis.marks.map(({ at, text }) => html`<text class="${i === all.length - 1 ? 'left' : 'right'} over" x="${x(i) + (i === all.length - 1 ? -6 : 6)}" y="${y(at)}">${text}</text>`)}`,
)}
</svg>
</figure>`;
}
