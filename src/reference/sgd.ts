type Numbers = ArrayLike<number>;

export interface SgdOptions {
  learningRate: number;
  momentum: number;
  nesterov: boolean;
  /** Weight decay: w -= lr weightDecay w before the step. */
  weightDecay?: number | undefined;
}

/**
 * without momentum: w -= lr dw;  with momentum: v = momentum v - lr dw, then w += v or, nesterov, w += momentum v - lr dw
 *
 * Keras' form (keras/src/optimizers/sgd.py). Without momentum v does not change, and nesterov has no effect.
 */
export function sgd(
  { learningRate, momentum, nesterov, weightDecay = 0 }: SgdOptions,
  { dw, w, v }: { dw: Numbers; w: Numbers; v: Numbers },
): { w: Float64Array; v: Float64Array } {
  const after = { w: Float64Array.from(w), v: Float64Array.from(v) };
  for (let i = 0; i < dw.length; i++) {
    const step = learningRate * dw[i]!;
    after.w[i]! -= learningRate * weightDecay * w[i]!;
    if (momentum === 0) {
      after.w[i]! -= step;
      continue;
    }
    after.v[i] = momentum * v[i]! - step;
    after.w[i]! += nesterov ? momentum * after.v[i]! - step : after.v[i]!;
  }
  return after;
}

/** sum|terms| of the results of `sgd`: on absolute values and with the sign of the rate inverted, every term is added. */
export function sgdMagnitude(
  options: SgdOptions,
  { dw, w, v }: { dw: Numbers; w: Numbers; v: Numbers },
): { w: Float64Array; v: Float64Array } {
  const absolute = (values: Numbers) => Float64Array.from(values, Math.abs);
  return sgd({ ...options, learningRate: -options.learningRate }, { dw: absolute(dw), w: absolute(w), v: absolute(v) });
}
