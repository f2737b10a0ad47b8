type Numbers = ArrayLike<number>;

export interface AdamOptions {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Replaces v by the largest v so far. */
  amsgrad?: boolean | undefined;
  /** AdamW's weight decay: w -= lr weightDecay w before the step. */
  weightDecay?: number | undefined;
}

/**
 * m += (dw - m)(1 - beta1);  v += (dw*dw - v)(1 - beta2);  w -= lr sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)
 *
 * Keras' form (keras/src/optimizers/adam.py; Kingma and Ba 2015, end of section 2). `t` counts updates from 1. With amsgrad, w's
 * step uses vHat = max(vHat, v) instead of v.
 */
export function adam(
  { learningRate, beta1, beta2, epsilon, amsgrad = false, weightDecay = 0 }: AdamOptions,
  { dw, w, m, v, vHat = [], t }: { dw: Numbers; w: Numbers; m: Numbers; v: Numbers; vHat?: Numbers; t: number },
): { w: Float64Array; m: Float64Array; v: Float64Array; vHat: Float64Array } {
  const rate = (learningRate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
  const copy = (values: Numbers) => Float64Array.from(values);
  const after = { w: copy(w), m: copy(m), v: copy(v), vHat: copy(vHat) };
  for (let i = 0; i < dw.length; i++) {
    const g = dw[i]!;
    after.m[i]! += (g - m[i]!) * (1 - beta1);
    after.v[i]! += (g * g - v[i]!) * (1 - beta2);
    after.w[i]! -= learningRate * weightDecay * w[i]!;
    if (amsgrad) after.vHat[i] = Math.max(vHat[i]!, after.v[i]!);
    after.w[i]! -= (rate * after.m[i]!) / (Math.sqrt((amsgrad ? after.vHat : after.v)[i]!) + epsilon);
  }
  return after;
}

/** sum|terms| of the results of `adam`; for w the terms are w and the step, with the largest possible m. */
export function adamMagnitude(
  options: AdamOptions,
  inputs: { dw: Numbers; w: Numbers; m: Numbers; v: Numbers; vHat?: Numbers; t: number },
): { w: Float64Array; m: Float64Array; v: Float64Array } {
  const { learningRate, beta1, beta2, epsilon, amsgrad = false, weightDecay = 0 } = options;
  const { dw, w, m, v, t } = inputs;
  const rate = (learningRate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
  const after = adam(options, inputs);
  const size = { w: Float64Array.from(w, Math.abs), m: Float64Array.from(m, Math.abs), v: Float64Array.from(v) };
  for (let i = 0; i < dw.length; i++) {
    const g = Math.abs(dw[i]!);
    size.m[i]! += (g + Math.abs(m[i]!)) * (1 - beta1);
    size.v[i]! += (g * g + v[i]!) * (1 - beta2);
    size.w[i]! += learningRate * weightDecay * Math.abs(w[i]!);
    size.w[i]! += (rate * size.m[i]!) / (Math.sqrt((amsgrad ? after.vHat : after.v)[i]!) + epsilon);
  }
  return size;
}
