import * as v from 'valibot';
import { number } from '../../check.ts';
import { clippingAndDecay, defineOptimizer } from '../optimizer_definition.ts';
import { learningRate } from '../schedule.ts';

/**
 * Stochastic gradient descent in Keras' form (keras/src/optimizers/sgd.py). Without momentum: w -= learningRate * dw. With momentum: v =
 * momentum * v - learningRate * dw, then w += v or, with `nesterov`, w += momentum * v - learningRate * dw.
 */
export const sgdOptimizer = defineOptimizer({
  type: 'sgd',
  schema: v.strictObject({
    type: v.literal('sgd'),
    learningRate: v.optional(learningRate(), 0.01),
    momentum: v.optional(number(0, 1), 0),
    nesterov: v.optional(v.boolean(), false),
    ...clippingAndDecay,
  }),
  slots: ({ momentum }) => (momentum > 0 ? ['v'] : []),
  // The velocity is added to the weights, so it points against the gradient.
  momentum: ({ momentum }) => (momentum > 0 ? { slot: 'v', sign: -1 } : undefined),
});
