import { fewestSeeds } from '../compare/comparison.ts';
import { csvCell } from '../csv_cell.ts';
import { counted, figure } from '../figures.ts';
import { estimateText, intervalsText } from './comparison_text.ts';
import { html, type Markup } from './markup.ts';
import { reportPage } from './report_page.ts';
import { shortText } from './sweep_axes.ts';
import type { Json, SweepFile, TrialRecord } from './sweep_file.ts';
import { optionPlot, parallelCoordinates } from './sweep_plots.ts';
import { type ConfigurationRow, configurationsByMetric } from './sweep_rows.ts';

/** Maximum number of rows whose commands are shown: the CSV and the JSON have all. */
const mostRows = 500;

const darkStyle = `
svg .right { text-anchor: start; dominant-baseline: middle; }
svg .first { text-anchor: start; }
svg .last { text-anchor: end; }
svg .axis { font-weight: 600; }
circle.mark { fill: var(--light); }
polyline.mark { fill: none; stroke: var(--light); }
td.option { white-space: normal; overflow-wrap: anywhere; min-width: 6ch; max-width: 40ch; }
.wide { overflow-x: auto; }
.wide svg { min-width: 40rem; }
.made { margin-top: 1.5rem; }
svg .over { paint-order: stroke; stroke: #fff; stroke-width: 3px; }
details pre { margin: .25rem 0; }
@media (prefers-color-scheme: dark) {
:root { color-scheme: dark; color: #e6e6e6; background: #16181c; }
svg text { fill: #bbb; }
svg .over { stroke: #16181c; }
svg .grid { stroke: #33373d; }
circle.mark { fill: var(--dark); }
polyline.mark { stroke: var(--dark); }
th, td { border-color: #33373d; }
pre { background: #22252b; }
.differs td { background: #3a3420; }
}
`;

/** A sweep as one HTML page that loads nothing and runs no script. @param file has at least one result. */
export function sweepReport(file: SweepFile): string {
  const { metric, trials, versions } = file;
  const rows = configurationsByMetric(file);
  const best = rows[0]!;
  const paths = Object.keys(trials[0]!.varied).filter(
    (path) => new Set(trials.map(({ varied }) => JSON.stringify(varied[path]))).size > 1,
  );
  const seeds = Math.max(...rows.map(({ estimate }) => estimate.n));
  const kinds = [...new Set(trials.flatMap(({ adapter }) => adapter ?? []))];
  return reportPage(
    `Sweep: ${metric.name}`,
    html`<p class="lead">Best of ${rows.length}: ${variedWords(best) || 'the options of base'}, with ${metric.name} ${estimateText(best.estimate, figure)} after ${counted(best.epochs, 'epoch')}. ${seeds < fewestSeeds ? `An interval needs ${fewestSeeds} seeds or more.` : intervalsText(seeds)}</p>
<pre>${best.trials[0]!.command}</pre>
${kinds.length > 1 && html`<p>The trials ran on different kinds of adapters, whose bits differ: a row is of one kind.</p>`}
${
  paths.length > 0 &&
  html`<h2>Every option against ${metric.name}</h2>
<p>A point is a trial; the more it stands out, the better.</p>
<div class="plots">${paths.map((path) => optionPlot(path, file))}</div>
<h2>Configurations</h2>
<p>A line is a configuration, through its values to its ${metric.name}; the best is the thickest.</p>
${parallelCoordinates(rows, { ...file, trials: trials.map((trial) => ({ ...trial, varied: pick(trial, paths) })) })}`
}
<h2>From the best to the worst</h2>
${rowsTable(rows.slice(0, mostRows), Object.keys(trials[0]!.varied), metric.name)}
${rows.length > mostRows && html`<p>The first ${mostRows} of ${rows.length}.</p>`}
${failures(trials)}
<p class="made">wgrad ${versions.wgrad}; ${kinds.join('; ')}</p>`,
    { made: 'wgrad sweep', style: darkStyle },
  );
}

const pick = ({ varied }: TrialRecord, paths: readonly string[]) =>
  Object.fromEntries(paths.map((path) => [path, varied[path] ?? null]));

const variedWords = ({ varied }: ConfigurationRow): string =>
  Object.entries(varied)
    .map(([path, value]) => `${path} ${spaced(value)}`)
    .join(', ');

/** JSON that can be broken into lines between its properties. */
const spaced = (value: Json | undefined): string => shortText(value).replaceAll(/,(?=["{])/g, ', ');

function rowsTable(rows: readonly ConfigurationRow[], paths: readonly string[], metric: string): Markup {
  const isMixed = new Set(rows.flatMap(({ kind }) => kind ?? [])).size > 1;
  const kind = isMixed ? ['adapter'] : [];
  const numbers = ['', metric, 'seeds', 'epochs'];
  const head = ['', ...paths, metric, 'seeds', 'epochs', 'status', ...kind, 'gradients', 'command'];
  return html`<div class="scroll"><table>
<thead><tr>${head.map((name) => html`<th scope="col"${numbers.includes(name) && html` class="number"`}>${name}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row, i) => html`
<tr${i === 0 && html` class="differs"`}><td class="number">${i + 1}</td>${paths.map((path) => html`<td class="option">${spaced(row.varied[path])}</td>`)}<td class="number">${estimateText(row.estimate, figure) || 'none'}</td><td class="number">${row.estimate.n}</td><td class="number">${row.epochs}</td><td>${row.status}</td>${isMixed && html`<td>${row.kind ?? ''}</td>`}<td class="words">${verdictsOf(row)}</td><td><details><summary>show</summary>${row.trials.map(({ command }) => html`<pre>${command}</pre>`)}</details></td></tr>`,
  )}
</tbody></table></div>`;
}

/** The verdicts on the layers of each trial, and on the run. Verdicts that are the same for all seeds are listed once. */
function verdictsOf({ trials }: ConfigurationRow): string {
  const ofSeeds = trials.flatMap(({ layers = {}, verdict, epochs, seed, error }) => {
    if (epochs === undefined || error !== undefined) return [];
    const unhealthy = Object.entries(layers).map(([layer, name]) => `${layer} ${name}`);
    return [{ seed, words: `${verdict ? `${verdict}; ` : ''}${unhealthy.join(', ') || 'healthy'}` }];
  });
  const different = [...new Set(ofSeeds.map(({ words }) => words))];
  if (different.length < 2) return different.join();
  return ofSeeds.map(({ seed, words }) => `seed ${seed}: ${words}`).join(' · ');
}

function failures(trials: readonly TrialRecord[]): Markup | undefined {
  const failed = trials.filter(({ error }) => error !== undefined);
  if (failed.length === 0) return undefined;
  return html`<h2>Trials that failed</h2>${failed.map(({ command, error }) => html`<pre>${command}\n${error}</pre>`)}`;
}

/** Full precision, for programs. */
const csvValue = (value: Json | undefined): string =>
  value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);

/** One row per trial. */
export function sweepCsv({ trials, metric }: SweepFile): string {
  const paths = Object.keys(trials[0]?.varied ?? {});
  const facts = ['status', 'epochs', 'steps', 'seconds', 'adapter', 'verdict'] as const;
  const head = ['id', 'configuration', ...paths, 'seed', metric.name, ...facts, 'layers', 'error', 'command'];
  const rows = trials.map((trial) => [
    ...[trial.id, trial.configuration],
    ...paths.map((path) => csvValue(trial.varied[path])),
    ...[trial.seed, trial.metric],
    ...facts.map((name) => trial[name]),
    ...[
      Object.entries(trial.layers ?? {})
        .map(([layer, name]) => `${layer} ${name}`)
        .join('; '),
    ],
    ...[trial.error, trial.command],
  ]);
  return `${[head, ...rows].map((cells) => cells.map(csvCell).join(',')).join('\n')}\n`;
}
