import * as v from 'valibot';
import { number } from '../../check.ts';
import { clippingAndDecay, defineOptimizer } from '../optimizer_definition.ts';
import { learningRate } from '../schedule.ts';

/**
 * Lion in Keras' form (Chen and others 2023; keras/src/optimizers/lion.py): w -= learningRate * sign(beta1 * m + (1 - beta1) * dw),
 * then m = beta2 * m + (1 - beta2) * dw. Every weight moves by the learning rate, which should therefore be 3 to 10 times smaller than
 * Adam's.
 */
export const lionOptimizer = defineOptimizer({
  type: 'lion',
  schema: v.strictObject({
    type: v.literal('lion'),
    learningRate: v.optional(learningRate(), 0.001),
    beta1: v.optional(number(0, 1), 0.9),
    beta2: v.optional(number(0, 1), 0.99),
    ...clippingAndDecay,
  }),
  slots: () => ['m'],
  momentum: () => ({ slot: 'm', sign: 1 }),
});
