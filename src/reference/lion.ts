import { type After, type Before, elementwise, type RateAndDecay } from './tensor_update.ts';

export interface LionOptions extends RateAndDecay {
  beta1: number;
  beta2: number;
}

/**
 * w -= lr sign(beta1 m + (1 - beta1) dw);  m = beta2 m + (1 - beta2) dw
 *
 * Keras' form (keras/src/optimizers/lion.py).
 */
export function lion(options: LionOptions, before: Before): After {
  const { learningRate, beta1, beta2 } = options;
  const { dw } = before;
  return elementwise(options, before, (i, { m }) => {
    const direction = Math.sign(beta1 * m![i]! + (1 - beta1) * dw[i]!);
    m![i] = beta2 * m![i]! + (1 - beta2) * dw[i]!;
    return learningRate * direction;
  });
}
