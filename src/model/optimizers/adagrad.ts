import * as v from 'valibot';
import { number } from '../../check.ts';
import { clippingAndDecay, defineOptimizer } from '../optimizer_definition.ts';
import { learningRate } from '../schedule.ts';

/**
 * Adagrad in Keras' form (Duchi and others 2011; keras/src/optimizers/adagrad.py): the accumulator, which starts at
 * `initialAccumulatorValue`, gets dw^2, then w -= learningRate * dw / sqrt(accumulator + epsilon). PyTorch adds epsilon to the
 * root. A snapshot has the accumulator without the value that it starts at.
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
