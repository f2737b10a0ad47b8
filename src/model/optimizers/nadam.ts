import * as v from 'valibot';
import { number } from '../../check.ts';
import { clippingAndDecay, defineOptimizer } from '../optimizer_definition.ts';
import { learningRate } from '../schedule.ts';

/**
 * Adam with Nesterov's momentum in Keras' form (Dozat 2016; keras/src/optimizers/nadam.py):
 * w -= learningRate * (u' * m / (1 - p * u') + (1 - u) * dw / (1 - p)) / (sqrt(v / (1 - beta2^t)) + epsilon). The momentum of
 * update t is u = beta1 * (1 - 0.96^t / 2), u' is the next one, and p is the product of all up to u. PyTorch's NAdam is the
 * same with momentum_decay=1; its default, 0.004, lets the momentum grow more slowly.
 */
export const nadamOptimizer = defineOptimizer({
  type: 'nadam',
  schema: v.strictObject({
    type: v.literal('nadam'),
    learningRate: v.optional(learningRate(), 0.001),
    beta1: v.optional(number(0, 0.999999), 0.9),
    beta2: v.optional(number(0, 0.9999999), 0.999),
    epsilon: v.optional(number(0, Infinity, 'open'), 1e-7),
    ...clippingAndDecay,
  }),
  slots: () => ['m', 'v'],
  momentum: () => ({ slot: 'm', sign: 1 }),
  betas: ({ beta1, beta2 }) => ({ beta1, beta2, isScheduled: true }),
});
