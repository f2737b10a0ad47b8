import * as v from 'valibot';
import { number } from '../../check.ts';
import { clippingAndDecay, defineOptimizer } from '../optimizer_definition.ts';
import { learningRate } from '../schedule.ts';

/**
 * RMSprop in Keras' form (Hinton 2012; keras/src/optimizers/rmsprop.py): v = rho * v + (1 - rho) * dw^2, then
 * w -= learningRate * dw / sqrt(v + epsilon). With `momentum` these steps accumulate: m = momentum * m + step, then w -= m. With `centered`
 * the divisor is sqrt(v - a^2 + epsilon), where a is the average of dw. Rounding can make v - a^2 negative; it is then replaced by 0, while
 * Keras takes the root of the negative number. PyTorch adds epsilon to the root; TensorFlow.js adds it under the root, as here.
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
