import { type After, type Before, elementwise, type RateAndDecay } from './tensor_update.ts';

export interface AdagradOptions extends RateAndDecay {
  initialAccumulatorValue: number;
  epsilon: number;
}

/**
 * v += dw*dw;  w -= lr dw / sqrt(initialAccumulatorValue + v + epsilon)
 *
 * Keras' form (keras/src/optimizers/adagrad.py), whose accumulator is initialAccumulatorValue + v.
 */
export function adagrad(options: AdagradOptions, before: Before): After {
  const { learningRate, initialAccumulatorValue, epsilon } = options;
  const { dw } = before;
  return elementwise(options, before, (i, { v }) => {
    v![i]! += dw[i]! ** 2;
    return (learningRate * dw[i]!) / Math.sqrt(initialAccumulatorValue + v![i]! + epsilon);
  });
}
