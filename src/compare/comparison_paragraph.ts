import { figure, percent as percentOf } from '../figures.ts';
import { confidence, type Estimate, fewestSeeds } from './comparison.ts';
import { type Comparison, type FigureId, type Row, significance } from './comparison_rows.ts';

/** The subject of a comparison, in words. */
export interface Subject {
  /** `augmentation`, `learning rate`. */
  variable: string;
  /** The value of the variable in each twin. */
  a: string;
  /** The name of twin B. */
  b: string;
  /** The seeds of the pairs. */
  seeds: readonly number[];
  /** Epochs of each run. */
  epochs: number;
  /** Number of runs that broke off, per twin. */
  broken: { a: number; b: number };
  /** Number of runs that earlyStopping ended, per twin. */
  stopped?: { a: number; b: number };
}

/** Maximum number of rows that are described individually; the rest is counted. */
const describedMost = 12;

/**
 * Describes the figures of a comparison: the results of the twins, the verdicts on their layers, then what differed significantly,
 * what did not, and the number of tests. It depends on the comparison only.
 *
 * @returns plain text with an empty line between its parts.
 */
export function paragraphOf({ summary, cosines }: Comparison, subject: Subject): string {
  const { variable, a, b, seeds, epochs, broken, stopped } = subject;
  const setting =
    `${counted(seeds.length, 'pair')} of twins, one per seed, ${counted(epochs, 'epoch')} each${stopped && stopped.a + stopped.b > 0 ? ' at most' : ''}: A with ${variable} ${a}, B with ${b}; ` +
    `${variable === 'model' ? 'order of samples and everything but the model' : 'initial weights, order of samples and everything else'} were the same.`;
  const outcome = [
    ...endSentence(summary, seeds.length),
    ...brokenSentences(broken, seeds.length),
    ...stoppedSentences(stopped, seeds.length),
    ...verdictSentences(summary),
  ];
  const tests = testSentences(summary, seeds.length);
  const whole = cosines.filter(({ layer }) => layer === undefined).at(-1);
  if (whole && whole.estimate.n > 0) {
    outcome.push(
      `After the last epoch the twins' gradients on the same samples had a cosine of ${withInterval(whole.estimate)}.`,
    );
  }
  return [[setting], outcome, ...tests]
    .filter((part) => part.length > 0)
    .map((part) => part.join(' '))
    .join('\n\n');
}

/** One part each for figures that differ, that may differ, and that don't. */
function testSentences(summary: readonly Row[], pairs: number): string[][] {
  const tested = summary.filter(({ test }) => !Number.isNaN(test.p));
  if (pairs < fewestSeeds) return [[tooFew(pairs)]];
  if (tested.length === 0) {
    const isWhole = summary.some(({ layer, test }) => layer === undefined && test.difference.n >= fewestSeeds);
    return [
      [
        isWhole
          ? 'The twins were equal in every figure of every pair: there was nothing to test.'
          : `Fewer than ${fewestSeeds} pairs have figures for both twins: nothing was tested.`,
      ],
    ];
  }
  const differing = tested.filter(({ differs }) => differs);
  const alone = tested.filter(({ test, differs }) => !differs && test.p < significance);
  const rest = tested.filter(({ test }) => !(test.p < significance));
  const sure = [
    `Of ${counted(tested.length, 'figure')} tested (paired t-tests with Holm's correction for all of them, ` +
      `${figure(100 * (1 - confidence))} %), ${differing.length === 0 ? 'none differed' : `${differing.length} differed`} beyond noise.`,
  ];
  if (differing.length > 0) {
    const described = [...differing].sort(byWeight).slice(0, describedMost);
    const more = differing.length - described.length;
    sure.push(
      `${upper(described.map(difference).join('; '))}${more ? `; and ${more} more, marked in the table` : ''}.`,
    );
  }
  const unsure: string[] = [];
  if (alone.length > 0) {
    unsure.push(
      `${counted(alone.length, 'figure')} would have passed a test alone but not among so many ` +
        `(${listed(alone, layersIn(summary))}): not distinguishable from chance here; more seeds may show more.`,
    );
  }
  const same: string[] = [];
  if (rest.length > 0) {
    same.push(`No difference beyond noise was found in ${listed(rest, layersIn(summary))}.`);
    const loss = rest.find(({ id }) => id === 'validationLoss');
    if (loss && Number.isFinite(loss.test.difference.low)) {
      const { low, high } = loss.test.difference;
      same.push(
        `That is no proof of equality: A's validation loss minus B's may lie anywhere from ${figure(low)} to ${figure(high)}.`,
      );
    }
  }
  return [sure, unsure, same];
}

/** Explains why there are no intervals and no tests. */
export const tooFew = (pairs: number): string =>
  `${pairs === 1 ? 'One pair' : 'Two pairs'} cannot rule out chance: intervals and tests need at least ${fewestSeeds} seeds.`;

/** The final results of the twins, averaged over all pairs. */
function endSentence(summary: readonly Row[], pairs: number): string[] {
  const rowOf = (expected: FigureId) => summary.find(({ id }) => id === expected);
  const loss = rowOf('validationLoss');
  const accuracy = rowOf('validationAccuracy');
  const measure = accuracy ?? rowOf('validationMeanAbsoluteError');
  if (!loss || !measure) return [];
  const name = accuracy ? 'an accuracy' : 'a mean absolute error';
  const [a, b] = (['a', 'b'] as const).map((twin) =>
    loss[twin].n
      ? `a validation loss of ${figure(loss[twin].mean)} and ${name} of ${(accuracy ? percentOf : figure)(measure[twin].mean)}`
      : 'neither',
  );
  return [`${pairs > 1 ? 'On average A' : 'A'} ended with ${a}, B with ${b}.`];
}

function brokenSentences({ a, b }: Subject['broken'], pairs: number): string[] {
  const parts = [
    ['A', a],
    ['B', b],
  ].filter(([, count]) => count !== 0);
  if (parts.length === 0) return [];
  const words = parts.map(([name, count]) => `${name} in ${count} of ${counted(pairs, 'pair')}`);
  return [
    `Numbers that are not finite ended training early for ${words.join(' and for ')}; such pairs count only where both have a figure.`,
  ];
}

function stoppedSentences(stopped: Subject['stopped'], pairs: number): string[] {
  if (!stopped || stopped.a + stopped.b === 0) return [];
  const { a, b } = stopped;
  return [
    `Early stopping ended A in ${a} and B in ${b} of ${counted(pairs, 'pair')}; a run's figures at the end are those of the epoch whose weights it kept.`,
  ];
}

/** Reports every bad verdict, whether the twins differ in it or not: it is also a result that both vanish. */
function verdictSentences(summary: readonly Row[]): string[] {
  const layers = layersIn(summary);
  const verdicts = [...new Set(summary.flatMap(({ verdict }) => verdict ?? []))].filter((name) => name !== 'healthy');
  const sentences = verdicts.map((name) => {
    const rows = summary.filter((row) => row.verdict === name);
    const parts = (['a', 'b'] as const).map((twin) => {
      const withVerdict = rows.filter((row) => row[twin].mean > 0);
      if (withVerdict.length === 0) return undefined;
      const shares = withVerdict.map((row) => row[twin].mean);
      const [least, most] = [percent(Math.min(...shares)), percent(Math.max(...shares))];
      return `${rangesOf(
        withVerdict.map(({ layer }) => layer!),
        layers,
      )} for ${least === most ? least : `${least} to ${most}`} of the time`;
    });
    const [a, b] = parts;
    const verdict = upper(name);
    return a === b
      ? `${verdict}, in both twins alike: ${a}.`
      : `${verdict} in A: ${a ?? 'no layer'}; in B: ${b ?? 'no layer'}.`;
  });
  const judged = summary.some(({ verdict }) => verdict === 'healthy');
  return judged && sentences.length === 0 ? ['Every layer was healthy throughout in both twins.'] : sentences;
}

const percent = (share: number) => `${figure(Number((100 * share).toPrecision(3)))} %`;

const layersIn = (rows: readonly Row[]): string[] => [
  ...new Set(rows.flatMap(({ layer }) => (layer === undefined ? [] : [layer]))),
];

/** "dense to dense_4, dense_7": layers that are adjacent in the model are given as a range. */
function rangesOf(names: readonly string[], layers: readonly string[]): string {
  if (names.length === layers.length && names.length > 2) return 'all layers';
  const ranges: string[][] = [];
  for (const name of layers.filter((layer) => names.includes(layer))) {
    const last = ranges.at(-1);
    if (last && layers.indexOf(last.at(-1)!) + 1 === layers.indexOf(name)) last.push(name);
    else ranges.push([name]);
  }
  return ranges.map((range) => (range.length > 2 ? `${range[0]} to ${range.at(-1)}` : range.join(', '))).join(', ');
}

/** The network's own figures come before those of its layers. */
const byWeight = (x: Row, y: Row) => Number(x.layer !== undefined) - Number(y.layer !== undefined);

/** "the late gradient norm of dense was 1.31 times B's with A (1.2 to 1.42)" */
function difference(row: Row): string {
  const { a, b, scale, test } = row;
  const { mean, low, high } = test.difference;
  const values = `${figure(a.mean)} against ${figure(b.mean)}`;
  const name = `the ${nameOf(row)}`;
  if (scale === 'log' && Math.abs(mean - 1) >= 0.1) {
    return `${name} was ${figure(mean)} times as large with A as with B (${figure(low)} to ${figure(high)}; ${values})`;
  }
  if (scale === 'log') {
    const [most, ends] = [100 * Math.abs(mean - 1), [low, high].map((ratio) => figure(100 * (ratio - 1))).join(' to ')];
    return `${name} was ${mean > 1 ? 'larger' : 'smaller'} with A than with B by ${figure(most)} % (${ends} %; ${values})`;
  }
  const how = mean > 0 ? 'higher' : 'lower';
  const [least, most] = mean > 0 ? [low, high] : [-high, -low];
  return `${name} was ${how} with A than with B by ${figure(Math.abs(mean))} (${figure(least)} to ${figure(most)}; ${values})`;
}

const nameOf = ({ figure, layer }: Row) => (layer === undefined ? figure : `${figure} of ${layer}`);

/** Lists each figure once, with the layers that it is about. */
function listed(rows: readonly Row[], layers: readonly string[]): string {
  const byFigure = new Map<string, string[]>();
  for (const { figure, layer } of rows) {
    const own = byFigure.get(figure) ?? [];
    if (layer !== undefined) own.push(layer);
    byFigure.set(figure, own);
  }
  const names = [...byFigure].map(([name, own]) => (own.length ? `${name} (${rangesOf(own, layers)})` : name));
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function withInterval({ mean, low, high, n }: Estimate): string {
  return n < fewestSeeds ? figure(mean) : `${figure(mean)} (${figure(low)} to ${figure(high)})`;
}

const counted = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
const upper = (text: string) => `${text[0]!.toUpperCase()}${text.slice(1)}`;
