import * as v from 'valibot';
import { number } from '../../check.ts';
import { clippingAndDecay, defineOptimizer } from '../optimizer_definition.ts';
import { adamOptions, adamSlots } from './adam.ts';

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019; keras/src/optimizers/adamw.py): w -= learningRate * weightDecay
 * * w, biases included, followed by Adam's step.
 */
export const adamWOptimizer = defineOptimizer({
  type: 'adamW',
  schema: v.strictObject({
    type: v.literal('adamW'),
    ...adamOptions,
    ...clippingAndDecay,
    weightDecay: v.optional(number(0), 0.004),
  }),
  slots: adamSlots,
  momentum: () => ({ slot: 'm', sign: 1 }),
  betas: ({ beta1, beta2 }) => ({ beta1, beta2 }),
});
