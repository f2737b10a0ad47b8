/** The errors of a predicted number. */
export interface RegressionFigures {
  /** Mean of |predicted - actual|. */
  meanAbsoluteError: number;
  /** Mean of (predicted - actual)^2. */
  meanSquaredError: number;
  /**
   * 1 - sum of squared errors / sum of squared errors of always predicting these samples' mean. 1 is perfect, 0 no better than
   * the mean. Undefined if all samples have the same value.
   */
  r2: number | undefined;
}

/**
 * Computes the errors of each output.
 *
 * @param targets [n, outputs], the true values.
 * @param predictions [n, outputs], as returned by `predict`.
 */
export function regressionFigures(
  targets: Float32Array,
  predictions: Float32Array,
  outputs: number,
): RegressionFigures[] {
  const count = targets.length / outputs;
  return Array.from({ length: outputs }, (_, k) => {
    let [absolute, squared, sum] = [0, 0, 0];
    for (let i = k; i < targets.length; i += outputs) {
      const error = predictions[i]! - targets[i]!;
      absolute += Math.abs(error);
      squared += error * error;
      sum += targets[i]!;
    }
    const mean = sum / count;
    let spread = 0;
    for (let i = k; i < targets.length; i += outputs) spread += (targets[i]! - mean) ** 2;
    return {
      meanAbsoluteError: absolute / count,
      meanSquaredError: squared / count,
      r2: spread > 0 ? 1 - squared / spread : undefined,
    };
  });
}
