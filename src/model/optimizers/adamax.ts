import * as v from 'valibot';
import { number } from '../../check.ts';
import { clippingAndDecay, defineOptimizer } from '../optimizer_definition.ts';
import { learningRate } from '../schedule.ts';

/**
 * Adam with the largest gradient in place of the mean square, in Keras' form (Kingma and Ba 2015, section 7.1;
 * keras/src/optimizers/adamax.py): u = max(beta2 * u, |dw|), w -= learningRate / (1 - beta1^t) * m / (u + epsilon). PyTorch adds epsilon to
 * |dw| instead.
 */
export const adamaxOptimizer = defineOptimizer({
  type: 'adamax',
  schema: v.strictObject({
    type: v.literal('adamax'),
    learningRate: v.optional(learningRate(), 0.001),
    beta1: v.optional(number(0, 0.999999), 0.9),
    beta2: v.optional(number(0, 0.9999999), 0.999),
    epsilon: v.optional(number(0, Infinity, 'open'), 1e-7),
    ...clippingAndDecay,
  }),
  slots: () => ['m', 'u'],
  momentum: () => ({ slot: 'm', sign: 1 }),
  betas: ({ beta1, beta2 }) => ({ beta1, beta2 }),
});
