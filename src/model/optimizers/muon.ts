import * as v from 'valibot';
import { integer, number } from '../../check.ts';
import { clippingAndDecay, defineOptimizer } from '../optimizer_definition.ts';
import { learningRate } from '../schedule.ts';

/**
 * Muon (Jordan and others 2024) for the kernels of dense layers and convolutions, each a matrix with all axes but the last as
 * rows: m = momentum * m + dw, then w -= learningRate * sqrt(max(1, columns / rows)) * o, where o is m, or dw + momentum * m with
 * `nesterov`, with all its singular values brought near 1: divided by its norm + 1e-7, and then `nsSteps` times x = a * x +
 * b * x x^T x + c * x x^T x x^T x with a, b, c = 3.4445, -4.7750, 2.0315. All other tensors are updated by Adam at
 * learningRate * adamLrRatio (Keras' form, with weightDecay AdamW), or with `others: 'sgd'` by w -= learningRate * m, or
 * dw + momentum * m with `nesterov`. Keras' Muon (keras/src/optimizers/muon.py) takes kernels of two and three axes alone, the
 * ratio of rows to columns, and other defaults: learningRate 0.001, nsSteps 6, weightDecay 0.1. The published learningRate is 0.02;
 * on resnet8 0.05 left a smaller loss than sgd at its best rate after 32 and after 64 steps, from each of three seeds, and 0.02 did not.
 */
export const muonOptimizer = defineOptimizer({
  type: 'muon',
  schema: v.strictObject({
    type: v.literal('muon'),
    learningRate: v.optional(learningRate(), 0.05),
    momentum: v.optional(number(0, 1), 0.95),
    nesterov: v.optional(v.boolean(), true),
    nsSteps: v.optional(integer(1, 20), 5),
    others: v.optional(v.picklist(['adam', 'sgd']), 'adam'),
    adamLrRatio: v.optional(number(0), 0.1),
    adamBeta1: v.optional(number(0, 0.999999), 0.9),
    adamBeta2: v.optional(number(0, 0.9999999), 0.999),
    epsilon: v.optional(number(0, Infinity, 'open'), 1e-7),
    ...clippingAndDecay,
  }),
  slots: ({ others }) => (others === 'adam' ? ['m', 'v'] : ['m']),
  momentum: () => ({ slot: 'm', sign: 1 }),
  betas: ({ adamBeta1, adamBeta2 }) => ({ beta1: adamBeta1, beta2: adamBeta2 }),
});
