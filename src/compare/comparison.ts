import { mean, sampleStandardDeviation } from 'simple-statistics';
import { bothTails, criticalT } from './student_t.ts';

/** Confidence level of the intervals; 1 minus it is the tests' false positive rate. */
export const confidence = 0.95;

/** Smallest number of values for an interval, and of pairs for a test. The spread of two values says almost nothing about a third one. */
export const fewestSeeds = 3;

/**
 * How a figure is averaged and compared, depending on its range:
 *
 * - `linear`, any number: means and differences, with Student's intervals.
 * - `log`, positive quantities that span decades, such as gradient norms: geometric means and ratios; all computations are on the
 *   logarithms.
 * - `share`, 0 to 1, such as accuracy; `shareDifference`, -1 to 1, a difference of two shares; `cosine`, -1 to 1: means and
 *   differences with intervals that stay within those bounds, see `boundedInterval`.
 */
export type Scale = 'linear' | 'log' | 'share' | 'shareDifference' | 'cosine';

type Bounds = readonly [low: number, high: number];

const boundsOf: Partial<Record<Scale, Bounds>> = { share: [0, 1], shareDifference: [-1, 1], cosine: [-1, 1] };

/** A mean over seeds with its 95 % confidence interval. */
export interface Estimate {
  /** Mean over the seeds. */
  mean: number;
  /** Lower end of the 95 % interval; NaN for fewer than three values. */
  low: number;
  /** Upper end of the 95 % interval; NaN for fewer than three values. */
  high: number;
  /** Number of values used: the finite ones (on a log scale: finite and positive). */
  n: number;
}

/** The paired difference of two samples, with a two-sided paired t-test. */
export interface PairedTest {
  /** a - b; a / b on a log scale. */
  difference: Estimate;
  /** Student's t. */
  t: number;
  /** Number of pairs minus one. */
  degreesOfFreedom: number;
  /** NaN if there is nothing to test: fewer than three pairs, or the same difference in every pair. */
  p: number;
}

const isUsable = (value: number | undefined, scale: Scale): value is number =>
  value !== undefined && Number.isFinite(value) && (scale !== 'log' || value > 0);

/** The mean of one value per seed, with its interval; non-finite values are left out and not counted. */
export function estimate(values: readonly (number | undefined)[], scale: Scale = 'linear'): Estimate {
  const used = values.filter((value) => isUsable(value, scale));
  if (scale !== 'log') return around(used, boundsOf[scale]);
  const { mean: middle, low, high, n } = around(used.map(Math.log));
  return { mean: Math.exp(middle), low: Math.exp(low), high: Math.exp(high), n };
}

/**
 * Tests whether a and b differ, given one value of each per pair.
 *
 * @param a @param b of the same pairs, in the same order; pairs in which one is missing or not finite are left out.
 */
export function pairedTest(
  a: readonly (number | undefined)[],
  b: readonly (number | undefined)[],
  scale: Scale = 'linear',
): PairedTest {
  const of = scale === 'log' ? Math.log : (x: number) => x;
  const differences: number[] = [];
  a.forEach((value, i) => {
    const other = b[i];
    if (isUsable(value, scale) && isUsable(other, scale)) differences.push(of(value) - of(other));
  });
  const bounds = boundsOf[scale];
  const width = bounds && bounds[1] - bounds[0];
  const { mean: middle, low, high, n } = around(differences, width === undefined ? undefined : [-width, width]);
  const degreesOfFreedom = n - 1;
  const error = n < fewestSeeds ? Number.NaN : sampleStandardDeviation(differences) / Math.sqrt(n);
  // If the difference is the same in every pair, as may happen with counts, there is no spread to compare it with.
  const t = error > 0 ? middle / error : Number.NaN;
  const p = Number.isNaN(t) ? Number.NaN : bothTails(t, degreesOfFreedom);
  const back = scale === 'log' ? Math.exp : of;
  return { difference: { mean: back(middle), low: back(low), high: back(high), n }, t, degreesOfFreedom, p };
}

/**
 * Holm's correction (Holm 1979, "A simple sequentially rejective multiple test procedure"): adjusted p-values that keep the
 * probability of any false positive among all tests at the level of a single test. NaN stays NaN and is not counted as a test.
 *
 * @returns in the order given.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).filter((i) => !Number.isNaN(pValues[i]));
  order.sort((i, j) => pValues[i]! - pValues[j]!);
  const adjusted = pValues.map(() => Number.NaN);
  let largest = 0;
  order.forEach((i, rank) => {
    largest = Math.max(largest, Math.min(1, (order.length - rank) * pValues[i]!));
    adjusted[i] = largest;
  });
  return adjusted;
}

function around(values: readonly number[], bounds?: Bounds): Estimate {
  const n = values.length;
  if (n === 0) return { mean: Number.NaN, low: Number.NaN, high: Number.NaN, n };
  const middle = mean(values as number[]);
  if (n < fewestSeeds) return { mean: middle, low: Number.NaN, high: Number.NaN, n };
  const half = (criticalT(1 - confidence, n - 1) * sampleStandardDeviation(values as number[])) / Math.sqrt(n);
  const [low, high] = bounds ? boundedInterval(middle, half, bounds) : [middle - half, middle + half];
  return { mean: middle, low, high, n };
}

/**
 * Student's interval computed on the log-odds of the mean's position between its bounds, transformed back: it stays within the
 * bounds, is wider on the side with more room, and equals the plain interval far from both bounds. The half width is transformed by
 * the derivative of the log-odds at the mean (the delta method), so that single values may lie at a bound, such as an accuracy of
 * 1. Between -1 and 1 the log-odds are twice Fisher's z.
 *
 * @param half half the width of the plain interval.
 */
function boundedInterval(middle: number, half: number, [low, high]: Bounds): [low: number, high: number] {
  const width = high - low;
  const share = (middle - low) / width;
  // All values are equal, possibly at a bound.
  if (half === 0 || share <= 0 || share >= 1) return [middle, middle];
  const odds = Math.log(share / (1 - share));
  const halfOdds = half / width / (share * (1 - share));
  const back = (logOdds: number) => low + width / (1 + Math.exp(-logOdds));
  return [back(odds - halfOdds), back(odds + halfOdds)];
}
