import { mean, sampleStandardDeviation } from 'simple-statistics';
import { bothTails, criticalT } from './student_t.ts';

/** The level of the intervals; 1 minus it is the risk of a false alarm in the tests. */
export const confidence = 0.95;

/**
 * How a figure is averaged and compared. `linear`: means and differences. `log`, for sizes that are positive and spread over
 * decades, as gradient norms do: geometric means and ratios, everything else being worked out on the logarithms.
 */
export type Scale = 'linear' | 'log';

/** A mean over seeds, and the interval that holds the true one with 95 % confidence, by Student's t. */
export interface Estimate {
  mean: number;
  /** NaN for fewer than two values. */
  low: number;
  high: number;
  /** How many values were finite (on a log scale: and positive), and so were counted. */
  n: number;
}

/** The difference of two samples in pairs, with Student's paired t-test, two-sided. */
export interface PairedTest {
  /** a - b; a / b on a log scale. */
  difference: Estimate;
  t: number;
  degreesOfFreedom: number;
  /** NaN where there is nothing to test: fewer than two pairs, or the same difference in every one. */
  p: number;
}

const isUsable = (value: number | undefined, scale: Scale): value is number =>
  value !== undefined && Number.isFinite(value) && (scale === 'linear' || value > 0);

/** The mean of one value a seed, with its interval; values that are not finite are left out and not counted. */
export function estimate(values: readonly (number | undefined)[], scale: Scale = 'linear'): Estimate {
  const used = values.filter((value) => isUsable(value, scale));
  if (scale === 'linear') return around(used);
  const { mean: middle, low, high, n } = around(used.map(Math.log));
  return { mean: Math.exp(middle), low: Math.exp(low), high: Math.exp(high), n };
}

/**
 * Tests whether a and b differ, a value of each a pair.
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
  const { mean: middle, low, high, n } = around(differences);
  const degreesOfFreedom = n - 1;
  const error = n < 2 ? Number.NaN : sampleStandardDeviation(differences) / Math.sqrt(n);
  // The same difference in every pair, as counts may have by chance, has no spread to hold it against.
  const t = error > 0 ? middle / error : Number.NaN;
  const p = Number.isNaN(t) ? Number.NaN : bothTails(t, degreesOfFreedom);
  const back = scale === 'log' ? Math.exp : of;
  return { difference: { mean: back(middle), low: back(low), high: back(high), n }, t, degreesOfFreedom, p };
}

/**
 * Holm's correction (Holm 1979, "A simple sequentially rejective multiple test procedure"): p-values that keep the risk of any
 * false alarm among all of them at what it would be for one. NaN stays NaN and counts for nothing.
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

function around(values: readonly number[]): Estimate {
  const n = values.length;
  if (n === 0) return { mean: Number.NaN, low: Number.NaN, high: Number.NaN, n };
  const middle = mean(values as number[]);
  if (n === 1) return { mean: middle, low: Number.NaN, high: Number.NaN, n };
  const half = (criticalT(1 - confidence, n - 1) * sampleStandardDeviation(values as number[])) / Math.sqrt(n);
  return { mean: middle, low: middle - half, high: middle + half, n };
}
