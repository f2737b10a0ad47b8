import * as v from 'valibot';
import { number } from '../../check.ts';
import { clippingAndDecay, defineOptimizer } from '../optimizer_definition.ts';
import { learningRate } from '../schedule.ts';

/**
 * RMSprop in Keras' form (Hinton 2012; keras/src/optimizers/rmsprop.py): v = rho * v + (1 - rho) * dw^2, then
 * w -= learningRate * dw / sqrt(v + epsilon). With `momentum` these steps are added up, m = momentum * m + step, and w -= m. With
 * `centered` the root is of v - a^2 + epsilon, a being the average of dw; Keras takes the root of what rounding leaves below
 * zero too, here nothing is less than zero. PyTorch adds epsilon to the root, TensorFlow.js as here.
 */
export const rmspropOptimizer = defineOptimizer({
  type: 'rmsprop',
  schema: v.strictObject({
    type: v.literal('rmsprop'),
    learningRate: v.optional(learningRate(), 0.001),
    rho: v.optional(number(0, 1), 0.9),
    momentum: v.optional(number(0, 1), 0),
    epsilon: v.optional(number(0, Infinity, 'open'), 1e-7),
    centered: v.optional(v.boolean(), false),
    ...clippingAndDecay,
  }),
  slots: ({ momentum, centered }) => ['v', ...(momentum > 0 ? ['m'] : []), ...(centered ? ['a'] : [])],
  // The accumulated steps are gradients, each scaled by the current v.
  momentum: ({ momentum, centered }) =>
    momentum > 0 ? { slot: 'm', sign: 1 } : centered ? { slot: 'a', sign: 1 } : undefined,
});
