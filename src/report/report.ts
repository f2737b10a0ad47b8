import { estimate } from '../compare/comparison.ts';
import { comparePairs, layersOf, type Row } from '../compare/comparison_rows.ts';
import { endOf, type PairRecord, type TwinRecord } from '../compare/twin_record.ts';
import { figure } from '../figures.ts';
import { describeAdapter } from '../gpu/adapter.ts';
import { measureName, validationMeasure } from '../health/metric.ts';
import { twinColors } from './colors.ts';
import type { ComparisonFile } from './comparison_file.ts';
import { differenceText, estimateText, intervalsText, pText } from './comparison_text.ts';
import { heatMaps } from './heat_map.ts';
import { histograms } from './histograms.ts';
import { html, type Markup } from './markup.ts';
import { type Point, plot, type Series } from './plot.ts';
import { reportPage } from './report_page.ts';

/**
 * A comparison as one HTML page, written by `wgrad compare --report`: it loads nothing and runs no script, and a content security
 * policy says so.
 *
 * @param file has at least one pair. @param ways the value of the variable in each twin, in words: "learning rate 0.1".
 */
export function comparisonReport(file: ComparisonFile, ways: { a: string; b: string }): string {
  const { pairs, paragraph = '' } = file;
  const { epochs } = file.config;
  const { summary, byEpoch, cosines } = comparePairs(pairs, epochs);
  const layers = layersOf(pairs);
  const title = `${ways.a} against ${ways.b}`;
  return reportPage(
    title,
    html`<p class="lead">${paragraph}</p>
${legend(ways)}
<h2>How training went</h2>
<p>${intervalsText(pairs.length, 'as bands')} The loss by step is of images as they were seen,
augmented where the twin augments; the gap is between validation images and as many unaugmented training images, with the same weights.</p>
<div class="plots">
${plot({ title: 'Training loss', x: 'step', series: bothTwins((twin) => timeline(pairs, twin)) })}
${plotted(byEpoch).map((name) =>
  plot({
    title: `${name[0]!.toUpperCase()}${name.slice(1)}`,
    x: 'epoch',
    wholeX: true,
    marks: true,
    series: bothTwins((twin) => courseOf(byEpoch, name, twin)),
  }),
)}
${cosines.length > 0 && plot({ title: "Cosine between the twins' gradients", x: 'epoch', wholeX: true, marks: true, series: [cosineSeries(cosines)] })}
</div>
${rowTable(
  'At the end',
  summary.filter(({ layer }) => layer === undefined),
)}
<h2>What the gradients did</h2>
<p>The norm of each layer's gradient, step by step: dark is small. The input is at the top.</p>
${heatMaps((['a', 'b'] as const).map((twin) => ({ title: `${twin.toUpperCase()}: ${ways[twin]}`, ...mapOf(pairs, twin, layers) })))}
<div class="plots">
${layers.map((layer) =>
  plot({
    title: `Gradient norm of ${layer}`,
    x: 'step',
    log: true,
    series: bothTwins((twin) => timeline(pairs, twin, layer)),
  }),
)}
</div>
<h3>Drift of the gradient's elements</h3>
<p>Elements of the gradient on the same samples, by binary exponent of their size: dashed after the first epoch, solid after the last.
Vanishing is a drift to the left.</p>
<div class="plots">${histograms(pairs, layers, epochs)}</div>
${rowTable(
  'By layer',
  summary.filter(({ layer }) => layer !== undefined),
)}
${verdictTable(pairs, layers)}
<h2>By epoch</h2>
${rowTable('', byEpoch)}
<h2>Every pair</h2>
${pairTable(pairs)}
${repeatSection(file)}`,
  );
}

/** The figures that are plotted by epoch: all but those of training, which are plotted by step. */
const plotted = (rows: readonly Row[]): string[] =>
  [...new Set(rows.map((row) => row.figure))].filter(
    (name) => !/^training|^(accuracy|mean absolute error) on/.test(name),
  );

function legend(ways: { a: string; b: string }): Markup {
  return html`<ul class="legend">${(['a', 'b'] as const).map(
    (twin) =>
      html`<li><svg viewBox="0 0 24 12" width="24" height="12" aria-hidden="true"><line x1="0" x2="24" y1="6" y2="6" stroke="${twinColors[twin]}" stroke-width="3"${twin === 'b' && html` stroke-dasharray="6 3"`}/></svg> <b>${twin.toUpperCase()}</b> ${ways[twin]}</li>`,
  )}</ul>`;
}

/** The twins differ in both color and dashes; either would be enough. */
const bothTwins = (points: (twin: 'a' | 'b') => Point[]): Series[] =>
  (['a', 'b'] as const).map((twin) => ({
    name: twin.toUpperCase(),
    color: twinColors[twin],
    dashed: twin === 'b',
    points: points(twin),
  }));

function courseOf(rows: readonly Row[], name: string, twin: 'a' | 'b'): Point[] {
  return rows
    .filter((row) => row.figure === name)
    .map((row) => ({ x: row.epoch!, y: row[twin].mean, low: row[twin].low, high: row[twin].high }));
}

function cosineSeries(cosines: ReturnType<typeof comparePairs>['cosines']): Series {
  const whole = cosines.filter(({ layer }) => layer === undefined);
  const points = whole.map(({ epoch, estimate: { mean, low, high } }) => ({ x: epoch, y: mean, low, high }));
  return { name: 'cosine', color: '#333333', points };
}

/** The loss, or log10 of a layer's norm, for each stretch of the timeline over the seeds. */
function timeline(pairs: readonly PairRecord[], twin: 'a' | 'b', layer?: string): Point[] {
  const lines = pairs.map((pair) => valuesOf(pair[twin], layer));
  const { stride } = pairs[0]![twin].timeline;
  const length = Math.max(...lines.map((line) => line.length));
  return Array.from({ length }, (_, i) => {
    const { mean, low, high } = estimate(lines.map((line) => line[i]));
    return { x: i * stride + 1, y: mean, low, high };
  });
}

const valuesOf = ({ timeline }: TwinRecord, layer?: string): readonly number[] =>
  layer === undefined ? timeline.loss : (timeline.logNorms[layer] ?? []);

function mapOf(pairs: readonly PairRecord[], twin: 'a' | 'b', layers: readonly string[]) {
  const rows = layers.map((name) => ({ name, values: timeline(pairs, twin, name).map(({ y }) => y) }));
  return { rows: rows.filter(({ values }) => values.length > 0), stride: pairs[0]![twin].timeline.stride };
}

function rowTable(title: string, rows: readonly Row[]): Markup {
  const byLayer = rows.some(({ layer }) => layer !== undefined);
  const byEpoch = rows.some(({ epoch }) => epoch !== undefined);
  return html`${title && html`<h3>${title}</h3>`}<div class="scroll"><table>
<thead><tr>${byLayer && html`<th scope="col">layer</th>`}${byEpoch && html`<th scope="col">epoch</th>`}<th scope="col">figure</th>${['A', 'B', 'A − B, or A / B', 'pairs', 'p', 'corrected'].map((name) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) => html`
<tr${row.differs && html` class="differs"`}>${byLayer && html`<td>${row.layer}</td>`}${byEpoch && html`<td class="number">${row.epoch}</td>`}<td>${row.figure}</td><td class="number">${estimateText(row.a)}</td><td class="number">${estimateText(row.b)}</td><td class="number">${differenceText(row)}</td><td class="number">${row.test.difference.n}</td><td class="number">${pText(row.test.p)}</td><td class="number">${pText(row.adjusted)}${row.differs && ' *'}</td></tr>`,
  )}
</tbody></table></div>`;
}

/** The verdict on each layer at the end of a run, with the texts of the first pair. */
function verdictTable(pairs: readonly PairRecord[], layers: readonly string[]): Markup {
  const last = (twin: TwinRecord, layer: string) => twin.verdicts.filter((it) => it.layer === layer).at(-1);
  const counts = (twin: 'a' | 'b', layer: string) => {
    const names = pairs.map((pair) => last(pair[twin], layer)?.verdict ?? 'none');
    return [...new Set(names)].map((name) => `${name} in ${names.filter((it) => it === name).length}`).join(', ');
  };
  return html`<h3>Verdicts at the end</h3><div class="scroll"><table>
<thead><tr><th scope="col">layer</th><th scope="col">A</th><th scope="col">B</th><th scope="col">A in the first pair</th></tr></thead>
<tbody>${layers.map(
    (layer) => html`
<tr><td>${layer}</td><td>${counts('a', layer)}</td><td>${counts('b', layer)}</td><td class="words">${last(pairs[0]!.a, layer)?.sentence}</td></tr>`,
  )}
</tbody></table></div>`;
}

function pairTable(pairs: readonly PairRecord[]): Markup {
  const measure = measureName(pairs.flatMap(({ a, b }) => endOf(a) ?? endOf(b) ?? [])[0]);
  const shown = (value: number | undefined) => (value === undefined ? '' : figure(value));
  const cellsOf = (twin: TwinRecord): (string | undefined)[] => {
    const { broke, stoppedEarly } = twin;
    const epoch = endOf(twin);
    const stopped = stoppedEarly ? `stopped early, after epoch ${stoppedEarly.epoch}` : 'whole';
    const end = broke ? `step ${broke.step}: ${broke.layer}, ${broke.pass}` : stopped;
    if (!epoch) return [end, '', '', ''];
    return [end, figure(epoch.loss), shown(epoch.validationLoss), shown(validationMeasure(epoch))];
  };
  return html`<div class="scroll"><table>
<thead><tr><th scope="col">seed</th><th scope="col">twin</th><th scope="col">ran</th><th scope="col">training loss</th><th scope="col">validation loss</th><th scope="col">validation ${measure}</th></tr></thead>
<tbody>${pairs.flatMap((pair) =>
    (['a', 'b'] as const).map(
      (twin) => html`
<tr><td class="number">${pair.seed}</td><td>${twin.toUpperCase()}</td>${cellsOf(pair[twin]).map((text) => html`<td class="number">${text}</td>`)}</tr>`,
    ),
  )}
</tbody></table></div>`;
}

function repeatSection({ command, seeds, pairs, adapter, versions, config }: ComparisonFile): Markup {
  const missing = seeds.filter((seed) => !pairs.some((pair) => pair.seed === seed));
  return html`<h2>To repeat it</h2>
<pre>${command}</pre>
<dl>
<dt>seeds</dt><dd>${pairs.map(({ seed }) => seed).join(', ')}${missing.length > 0 && html`; not finished: ${missing.join(', ')}`}</dd>
<dt>adapter</dt><dd>${describeAdapter(adapter)}</dd>
<dt>versions</dt><dd>wgrad ${versions.wgrad}, ${versions.chrome}</dd>
</dl>
<details><summary>The whole configuration</summary><pre>${JSON.stringify(config, null, 2)}</pre></details>`;
}
