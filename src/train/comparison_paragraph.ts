import { figure } from '../figures.ts';
import { confidence, type Estimate } from './comparison.ts';
import { type Comparison, type Row, significance } from './comparison_rows.ts';

/** What was compared, in words. */
export interface Subject {
  /** `augmentation`, `learning rate`. */
  variable: string;
  /** What each twin has of it. */
  a: string;
  b: string;
  seeds: readonly number[];
  epochs: number;
  /** A twin broke off in so many runs. */
  broken: { a: number; b: number };
}

/** Rows that are told one by one; the rest is counted. */
const toldMost = 12;

/**
 * What the figures say, and no more: what differed beyond what seeds do, what did not, and of how many tests. A function of
 * the comparison alone.
 */
export function paragraphOf({ summary, cosines }: Comparison, subject: Subject): string {
  const { variable, a, b, seeds, epochs, broken } = subject;
  const sentences = [
    `${counted(seeds.length, 'pair')} of twins, one a seed, ${counted(epochs, 'epoch')} each: A with ${variable} ${a}, B with ${b}; ` +
      `${variable === 'model' ? 'order of samples and everything but the model' : 'initial weights, order of samples and everything else'} were the same.`,
    ...brokenSentences(broken, seeds.length),
    ...testSentences(summary, seeds.length),
  ];
  const whole = cosines.filter(({ layer }) => layer === undefined).at(-1);
  if (whole && whole.estimate.n > 0) {
    sentences.push(
      `After the last epoch the twins' gradients on the same samples had a cosine of ${withInterval(whole.estimate)}.`,
    );
  }
  return sentences.join(' ');
}

function testSentences(summary: readonly Row[], pairs: number): string[] {
  const tested = summary.filter(({ test }) => !Number.isNaN(test.p));
  if (pairs < 2) return ['One pair says nothing about chance: nothing was tested.'];
  if (tested.length === 0) return ['The twins were equal in every figure of every pair: there was nothing to test.'];
  const differing = tested.filter(({ differs }) => differs);
  const alone = tested.filter(({ test, differs }) => !differs && test.p < significance);
  const rest = tested.filter(({ test }) => !(test.p < significance));
  const sentences = [
    `Of ${counted(tested.length, 'figure')} tested (paired t-tests with Holm's correction for all of them, ` +
      `${figure(100 * (1 - confidence))} %), ${differing.length === 0 ? 'none differed' : `${differing.length} differed`} beyond noise.`,
  ];
  if (differing.length > 0) {
    const told = [...differing].sort(byWeight).slice(0, toldMost);
    const more = differing.length - told.length;
    sentences.push(
      `${upper(told.map(difference).join('; '))}${more ? `; and ${more} more, marked in the table` : ''}.`,
    );
  }
  if (alone.length > 0) {
    sentences.push(
      `${counted(alone.length, 'figure')} would have passed a test alone but not among so many ` +
        `(${listed(alone)}): taken for chance here, more seeds would tell.`,
    );
  }
  if (rest.length > 0) {
    sentences.push(`No difference beyond noise was found in ${listed(rest)}.`);
    const loss = rest.find(({ figure }) => figure === 'validation loss');
    if (loss && Number.isFinite(loss.test.difference.low)) {
      const { low, high } = loss.test.difference;
      sentences.push(
        `That is no proof of equality: A's validation loss minus B's may lie anywhere from ${figure(low)} to ${figure(high)}.`,
      );
    }
  }
  return sentences;
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

/** The network's own figures before those of its layers. */
const byWeight = (x: Row, y: Row) => Number(x.layer !== undefined) - Number(y.layer !== undefined);

/** "the late gradient norm of dense was 1.31 times B's with A (1.2 to 1.42)" */
function difference(row: Row): string {
  const { a, b, scale, test } = row;
  const { mean, low, high } = test.difference;
  const values = `${figure(a.mean)} against ${figure(b.mean)}`;
  const name = `the ${nameOf(row)}`;
  if (scale === 'log') {
    return `${name} was ${figure(mean)} times as large with A as with B (${figure(low)} to ${figure(high)}; ${values})`;
  }
  const how = mean > 0 ? 'higher' : 'lower';
  const [least, most] = mean > 0 ? [low, high] : [-high, -low];
  return `${name} was ${how} with A than with B by ${figure(Math.abs(mean))} (${figure(least)} to ${figure(most)}; ${values})`;
}

const nameOf = ({ figure, layer }: Row) => (layer === undefined ? figure : `${figure} of ${layer}`);

/** A figure once, with the layers that it is of. */
function listed(rows: readonly Row[]): string {
  const byFigure = new Map<string, string[]>();
  for (const { figure, layer } of rows) {
    const layers = byFigure.get(figure) ?? [];
    if (layer !== undefined) layers.push(layer);
    byFigure.set(figure, layers);
  }
  const names = [...byFigure].map(([name, layers]) => (layers.length ? `${name} (${layers.join(', ')})` : name));
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function withInterval({ mean, low, high, n }: Estimate): string {
  return n < 2 ? figure(mean) : `${figure(mean)} (${figure(low)} to ${figure(high)})`;
}

const counted = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
const upper = (text: string) => `${text[0]!.toUpperCase()}${text.slice(1)}`;
