import { type After, type Before, elementwise, type RateAndDecay } from './tensor_update.ts';

export interface NadamOptions extends RateAndDecay {
  beta1: number;
  beta2: number;
  epsilon: number;
}

/** Dozat's schedule: the momentum of update t. */
export const nadamMomentum = (beta1: number, t: number): number => beta1 * (1 - 0.5 * 0.96 ** t);

/** The product of the momenta of updates 1 to t. */
export function nadamProduct(beta1: number, t: number): number {
  let product = 1;
  for (let i = 1; i <= t; i++) product *= nadamMomentum(beta1, i);
  return product;
}

/**
 * m += (dw - m)(1 - beta1);  v += (dw*dw - v)(1 - beta2);
 * w -= lr (u' m / (1 - p u') + (1 - u) dw / (1 - p)) / (sqrt(v / (1 - beta2^t)) + epsilon)
 *
 * Keras' form (keras/src/optimizers/nadam.py).
 */
export function nadam(options: NadamOptions, before: Before): After {
  const { learningRate, beta1, beta2, epsilon } = options;
  const { dw, t } = before;
  const [u, next, p] = [nadamMomentum(beta1, t), nadamMomentum(beta1, t + 1), nadamProduct(beta1, t)];
  return elementwise(options, before, (i, { m, v }) => {
    const g = dw[i]!;
    m![i]! += (g - m![i]!) * (1 - beta1);
    v![i]! += (g * g - v![i]!) * (1 - beta2);
    const average = (next * m![i]!) / (1 - p * next) + ((1 - u) * g) / (1 - p);
    return (learningRate * average) / (Math.sqrt(v![i]! / (1 - beta2 ** t)) + epsilon);
  });
}
