import type { Activation } from '../../kernels/activation.ts';
import { unitRoundoff } from '../tolerance.ts';

/** Common fields of all normalization cases. */
export interface NormalizationCase {
  /** Number of real samples; the content of the other slots must not be read. */
  count: number;
  chunks: number;
  epsilon: number;
  scale: boolean;
  center: boolean;
  residual: boolean;
  activation: Activation;
  inActivation: Activation;
  /** Added to all of x. */
  mean?: number;
  /** Standard deviation of x about its mean. Default 1. */
  spread?: number;
}

/** Whether the activation has a rounding error of its own in addition to that of the sum. */
export const isSmooth = (activation: Activation): boolean => activation === 'tanh' || activation === 'sigmoid';

/** Relative error bound of one operation: WGSL prescribes no rounding mode. */
export const anyUlp = 2 * unitRoundoff;

const smallestNormal = 2 ** -126;

/** A mean and a sum of squared deviations, and the error bounds of the corrected two-pass algorithm in float32. */
export interface MomentsBounds {
  mean: number;
  m2: number;
}

/**
 * First pass: the n roundings of the sum give the mean an error of at most `rough`. The second pass sums deviations d = x - mean',
 * each rounded once and at most |x - mean| + rough, so their sum has an error of `e`. Adding its mean to the first one leaves an
 * error of e / n and the rounding of the result. M2 is the sum of squares about mean' minus n rough^2, which is known up to the
 * square of a sum with error e. A large mean only matters through `rough`, squared, and through its own rounding.
 */
export function momentsBounds(x: readonly number[]): MomentsBounds {
  const n = Math.max(1, x.length);
  const sum = (terms: number[]) => terms.reduce((a, b) => a + b, 0);
  const mean = sum([...x]) / n;
  const rough = ((n + 2) * anyUlp * sum(x.map(Math.abs))) / n;
  const e = (n + 1) * anyUlp * sum(x.map((value) => Math.abs(value - mean) + rough));
  const aboutRough = sum(x.map((value) => (value - mean) ** 2)) + n * rough ** 2;
  return {
    mean: anyUlp * (Math.abs(mean) + rough) + e / n + 3 * anyUlp * rough + n * smallestNormal,
    m2: (n + 4) * anyUlp * aboutRough + 2 * rough * e + e ** 2 / n + 5 * anyUlp * n * rough ** 2 + n * smallestNormal,
  };
}
