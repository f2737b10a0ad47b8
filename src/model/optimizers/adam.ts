import * as v from 'valibot';
import { number } from '../../check.ts';
import { clippingAndDecay, defineOptimizer } from '../optimizer_definition.ts';
import { learningRate } from '../schedule.ts';

/** Keras' options of Adam and AdamW. */
export const adamOptions = {
  learningRate: v.optional(learningRate(), 0.001),
  beta1: v.optional(number(0, 0.999999), 0.9),
  beta2: v.optional(number(0, 0.9999999), 0.999),
  epsilon: v.optional(number(0, Infinity, 'open'), 1e-7),
  amsgrad: v.optional(v.boolean(), false),
};

/** `vHat` is the maximum of `v` so far. */
export const adamSlots = ({ amsgrad }: { amsgrad: boolean }): string[] => (amsgrad ? ['m', 'v', 'vHat'] : ['m', 'v']);

/**
 * Adam in Keras' form (Kingma and Ba 2015, section 2, last paragraph; keras/src/optimizers/adam.py): w -= learningRate * sqrt(1
 * - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon). PyTorch and TensorFlow.js place epsilon differently, which changes the
 * first steps. With `amsgrad`, v is replaced by its maximum so far.
 */
export const adamOptimizer = defineOptimizer({
  type: 'adam',
  schema: v.strictObject({
    type: v.literal('adam'),
    ...adamOptions,
    ...clippingAndDecay,
  }),
  slots: adamSlots,
  momentum: () => ({ slot: 'm', sign: 1 }),
  betas: ({ beta1, beta2 }) => ({ beta1, beta2 }),
});
