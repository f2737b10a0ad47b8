import type { Activation } from '../../kernels/activation.ts';
import { unitRoundoff } from '../tolerance.ts';

/** What the cases of all normalizations say. */
export interface NormalizationCase {
  /** Real samples; what the other slots hold must not be looked at. */
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
  /** Of x about its mean: 1 unless given. */
  spread?: number;
}

/** Whether an activation's own error counts, beside that of the sum. */
export const isSmooth = (activation: Activation): boolean => activation === 'tanh' || activation === 'sigmoid';

/** What one operation may be off by, of its result: WGSL names no rounding mode. */
export const anyUlp = 2 * unitRoundoff;

const smallestNormal = 2 ** -126;

/** A mean and a sum of squared deviations, and how far the corrected two-pass algorithm may be from them in float32. */
export interface MomentsBounds {
  mean: number;
  m2: number;
}

/**
 * First pass: the sum's n roundings leave the mean off by at most `rough`. The second sums deviations d = x - mean', each
 * rounded once and of at most |x - mean| + rough, so their sum is off by `e`. Its mean is added to the first one: what is left
 * of it is e / n and the rounding of the result. M2 is what the squares about mean' give, less n rough^2, which is known up to
 * the square of a sum that is off by e. A large mean comes in only through `rough`, squared, and through its own rounding.
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
