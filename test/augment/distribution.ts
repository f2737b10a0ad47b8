import type { Draw } from '../../src/augment/op.ts';
import { expectWithin } from '../../src/selftest/compare.ts';

/** One in two million values exceeds this by chance; the tests' seeds are fixed. */
const standardErrors = 5;

/** The mean of `of` over the numbers: a loop, because there are many. */
function mean(x: ArrayLike<number>, of = (value: number, _at: number) => value): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += of(x[i]!, i);
  return sum / x.length;
}

/** Mean, variance and fourth central moment of a distribution. */
function momentsOf(
  draw: Draw,
): { low: number; high: number; values?: number[] } & Record<'mean' | 'second' | 'fourth', number> {
  const values = valuesOf(draw);
  if (values) {
    const middle = mean(values);
    const central = (power: number) => mean(values, (value) => (value - middle) ** power);
    return {
      low: Math.min(...values),
      high: Math.max(...values),
      values,
      mean: middle,
      second: central(2),
      fourth: central(4),
    };
  }
  if (draw.from !== 'uniform') throw new Error(`no moments of ${draw.from}`);
  const { low, high } = draw;
  const width = high - low;
  return { low, high, mean: (low + high) / 2, second: width ** 2 / 12, fourth: width ** 4 / 80 };
}

/** The equally likely values, if the distribution is discrete. */
function valuesOf(draw: Draw): number[] | undefined {
  if (draw.from === 'integer') return Array.from({ length: draw.high - draw.low + 1 }, (_, i) => draw.low + i);
  if (draw.from === 'choice') return [...draw.values];
  return undefined;
}

/** Requires numbers to be plausible samples of a distribution: range, mean, variance, and counts per bin. */
export function expectDrawn(name: string, x: ArrayLike<number>, draw: Draw): void {
  const n = x.length;
  if (draw.from === 'chance') {
    expectWithin(`share of ${name}`, [mean(x)], [draw.p], standardErrors * Math.sqrt((draw.p * (1 - draw.p)) / n));
    return;
  }
  const { low, high, values, mean: expected, second, fourth } = momentsOf(draw);
  let [least, most] = [Infinity, -Infinity];
  for (let i = 0; i < n; i++) [least, most] = [Math.min(least, x[i]!), Math.max(most, x[i]!)];
  const width = high - low;
  // The largest gap at an end exceeds 20 / n with a probability of e^-20.
  const gap = values ? 0 : (20 / n) * width;
  expectWithin(`middle of the range of ${name}`, [(least + most) / 2], [(low + high) / 2], gap + 1e-6 * width);
  expectWithin(`width of the range of ${name}`, [most - least], [width], gap + 1e-6 * width);
  expectWithin(`mean of ${name}`, [mean(x)], [expected], standardErrors * Math.sqrt(second / n));
  const squares = mean(x, (value) => (value - expected) ** 2);
  expectWithin(`variance of ${name}`, [squares], [second], standardErrors * Math.sqrt((fourth - second ** 2) / n));
  const bins = new Float64Array(values?.length ?? 64);
  for (let i = 0; i < n; i++) {
    const bin = values ? values.indexOf(x[i]!) : Math.floor(((x[i]! - low) / width) * bins.length);
    bins[values ? bin : Math.min(bins.length - 1, Math.max(0, bin))]!++;
  }
  expectEven(name, bins, n);
}

/** Requires counts to be plausible for equally likely bins. */
export function expectEven(name: string, counts: ArrayLike<number>, n: number): void {
  const share = n / counts.length;
  const chiSquared = Array.from(counts).reduce((sum, count) => sum + (count - share) ** 2 / share, 0);
  const degrees = counts.length - 1;
  // Chi squared with few degrees of freedom has a long tail: Wilson and Hilferty's cube root is nearly normal.
  const normal = ((chiSquared / degrees) ** (1 / 3) - (1 - 2 / (9 * degrees))) / Math.sqrt(2 / (9 * degrees));
  expectWithin(`evenness of ${name}`, [Math.max(0, normal)], [0], standardErrors);
}

/** Requires columns of numbers to be plausibly independent of each other. */
export function expectIndependent(columns: Record<string, ArrayLike<number>>): void {
  const scaled = Object.entries(columns).map(([name, x]) => {
    const middle = mean(x);
    const centred = Float64Array.from(x, (value) => value - middle);
    const size = Math.sqrt(mean(centred, (value) => value * value));
    return { name, x: centred.map((value) => value / size) };
  });
  scaled.forEach(({ name, x }, i) => {
    for (const other of scaled.slice(i + 1)) {
      let sum = 0;
      for (let at = 0; at < x.length; at++) sum += x[at]! * other.x[at]!;
      expectWithin(
        `correlation of ${name} and ${other.name}`,
        [sum / x.length],
        [0],
        standardErrors / Math.sqrt(x.length),
      );
    }
  });
}
