import * as v from 'valibot';
import { number } from '../../check.ts';
import { clippingAndDecay, defineOptimizer } from '../optimizer_definition.ts';
import { learningRate } from '../schedule.ts';

/**
 * Adagrad in Keras' form (Duchi and others 2011; keras/src/optimizers/adagrad.py): dw^2 is added to the accumulator, which starts at
 * `initialAccumulatorValue`, then w -= learningRate * dw / sqrt(accumulator + epsilon). PyTorch adds epsilon to the root. In a snapshot,
 * the initial value is subtracted from the accumulator.
 */
export const adagradOptimizer = defineOptimizer({
  type: 'adagrad',
  schema: v.strictObject({
    type: v.literal('adagrad'),
    learningRate: v.optional(learningRate(), 0.001),
    initialAccumulatorValue: v.optional(number(0), 0.1),
    epsilon: v.optional(number(0, Infinity, 'open'), 1e-7),
    ...clippingAndDecay,
  }),
  slots: () => ['v'],
  momentum: () => undefined,
});
