import { type After, type Before, elementwise, type RateAndDecay } from './tensor_update.ts';

export interface AdamaxOptions extends RateAndDecay {
  beta1: number;
  beta2: number;
  epsilon: number;
}

/**
 * m += (dw - m)(1 - beta1);  u = max(beta2 u, |dw|);  w -= lr / (1 - beta1^t) * m / (u + epsilon)
 *
 * Keras' form (keras/src/optimizers/adamax.py).
 */
export function adamax(options: AdamaxOptions, before: Before): After {
  const { learningRate, beta1, beta2, epsilon } = options;
  const { dw, t } = before;
  const rate = learningRate / (1 - beta1 ** t);
  return elementwise(options, before, (i, { m, u }) => {
    m![i]! += (dw[i]! - m![i]!) * (1 - beta1);
    u![i] = Math.max(beta2 * u![i]!, Math.abs(dw[i]!));
    return (rate * m![i]!) / (u![i]! + epsilon);
  });
}
