import type { Comparison, Row } from '../compare/comparison_rows.ts';
import { endOf, type PairRecord, type TwinEpoch } from '../compare/twin_record.ts';
import { figure } from '../figures.ts';
import { measureName, validationMeasure } from '../health/metric.ts';
import { differenceText, estimateText, intervalsText, pText } from '../report/comparison_text.ts';
import { table } from './tables.ts';

/** The output of `wgrad compare`: functions that format figures as text. */

export function pairLine({ seed, a, b }: PairRecord, place: number, pairs: number, seconds: number): string {
  const last = [a, b].map(endOf);
  const outcome = (of: (epoch: TwinEpoch) => number | undefined) =>
    last
      .map((epoch, i) => {
        const value = epoch && of(epoch);
        return `${'AB'[i]} ${value === undefined ? 'none' : figure(value)}`;
      })
      .join('  ');
  const broke = [a, b].flatMap(({ broke }, i) =>
    broke ? [`${'AB'[i]} ended early at step ${broke.step}: ${broke.layer} was not finite (${broke.pass})`] : [],
  );
  const stopped = [a, b].flatMap(({ stoppedEarly }, i) =>
    stoppedEarly ? [`${'AB'[i]} stopped early, after epoch ${stoppedEarly.epoch}`] : [],
  );
  return [
    `pair ${place}/${pairs}  seed ${seed}`,
    `training loss ${outcome(({ loss }) => loss)}`,
    `validation loss ${outcome(({ validationLoss }) => validationLoss)}`,
    `${measureName(last.find((epoch) => epoch))} ${outcome(validationMeasure)}`,
    ...broke,
    ...stopped,
    `${seconds.toFixed(1)} s`,
  ].join('  |  ');
}

/** Width in columns to which the text between tables is wrapped: about a table's width. */
const tableWidth = 120;

/** The complete terminal output: results, layers, figures by epoch, cosines. */
export function comparisonTables(comparison: Comparison, ways: { a: string; b: string }, seeds: number): string {
  const { summary, byEpoch, cosines } = comparison;
  const network = summary.filter(({ layer }) => layer === undefined);
  const layers = summary.filter(({ layer }) => layer !== undefined);
  return [
    `A        ${ways.a}`,
    `B        ${ways.b}`,
    wrapped(
      `${intervalsText(seeds)} Sizes of gradients are geometric means and ratios. p of paired t-tests, alone and ` +
        "after Holm's correction; * where the twins differ beyond noise.",
      tableWidth,
    ),
    table(
      ['at the end', 'A', 'B', 'A - B, or A / B', 'p', 'corrected', ''],
      network.map((row) => [row.figure, ...cells(row)]),
    ),
    ...(layers.length
      ? [
          table(
            ['layer', 'figure', 'A', 'B', 'A - B, or A / B', 'p', 'corrected', ''],
            layers.map((row, i) => [row.layer === layers[i - 1]?.layer ? '' : row.layer!, row.figure, ...cells(row)]),
            2,
          ),
        ]
      : []),
    epochTable(byEpoch),
    ...(cosines.length
      ? [
          table(
            ["cosine of the twins' gradients on the same samples", 'mean'],
            cosines.map(({ epoch, layer, estimate }) => [
              layer === undefined ? `all, after epoch ${epoch}` : layer,
              estimateText(estimate),
            ]),
          ),
        ]
      : []),
  ].join('\n');
}

const cells = (row: Row) => [
  estimateText(row.a),
  estimateText(row.b),
  differenceText(row),
  pText(row.test.p),
  pText(row.adjusted),
  row.differs ? '*' : '',
];

function epochTable(rows: readonly Row[]): string {
  const epochs = [...new Set(rows.map(({ epoch }) => epoch!))];
  const epochFigures = [...new Set(rows.map((row) => row.figure))].filter(
    (name) => !/plain|^training (?!loss)/.test(name),
  );
  const cell = (epoch: number, figureName: string) => {
    const row = rows.find((it) => it.epoch === epoch && it.figure === figureName);
    return row ? `${figure(row.a.mean)} / ${figure(row.b.mean)}${row.differs ? ' *' : ''}` : '';
  };
  return table(
    ['epoch: A / B', ...epochFigures],
    epochs.map((epoch) => [String(epoch), ...epochFigures.map((name) => cell(epoch, name))]),
  );
}

/** Wraps a text at `width` characters; its line breaks are kept. */
export function wrapped(text: string, width = 110): string {
  return text
    .split('\n')
    .flatMap((paragraph) => {
      const lines: string[] = [];
      for (const word of paragraph.split(' ')) {
        const last = lines.at(-1);
        if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
        else lines.push(word);
      }
      return lines;
    })
    .join('\n');
}
