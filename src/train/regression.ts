/** The errors of predictions of a number. */
export interface RegressionFigures {
  /** Mean of |predicted - actual|. */
  meanAbsoluteError: number;
  /** Mean of (predicted - actual)^2. */
  meanSquaredError: number;
  /**
   * 1 - the sum of squared errors / that of always predicting the mean of these samples: 1 is perfect, 0 no better than the
   * mean. Undefined where all samples have one value.
   */
  r2: number | undefined;
}

/**
 * The figures of each number.
 *
 * @param targets [n, outputs], the true values.
 * @param predictions [n, outputs], as `predict` gives them.
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
