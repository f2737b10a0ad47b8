type Numbers = ArrayLike<number>;

export interface MovingAverageOptions {
  emaMomentum: number;
  /** Number of updates after which w = a. */
  emaOverwriteFrequency?: number | undefined;
}

/**
 * a = w after the first update, then a += (1 - momentum) (w - a)
 *
 * Keras' form (keras/src/optimizers/base_optimizer.py). `t` counts updates from 1.
 */
export function movingAverage(
  { emaMomentum, emaOverwriteFrequency }: MovingAverageOptions,
  { w, a, t }: { w: Numbers; a: Numbers; t: number },
): { w: Float64Array; a: Float64Array } {
  const kept = t === 1 ? 0 : emaMomentum;
  const after = Float64Array.from(a, (before, i) => kept * before + (1 - kept) * w[i]!);
  const overwrites = emaOverwriteFrequency !== undefined && t % emaOverwriteFrequency === 0;
  return { w: Float64Array.from(overwrites ? after : w), a: after };
}
