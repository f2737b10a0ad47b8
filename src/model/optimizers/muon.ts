import * as v from 'valibot';
import { integer, number } from '../../check.ts';
import { clippingAndDecay, defineOptimizer } from '../optimizer_definition.ts';
import { learningRate } from '../schedule.ts';

/**
 * Muon (Jordan and others 2024) for the kernels of dense layers and convolutions, each a matrix with all axes but the last as
 * rows: m = momentum * m + dw, then w -= learningRate * sqrt(max(1, columns / rows)) * o, where o is m, or dw + momentum * m with
 * `nesterov`, with all its singular values moved close to 1: it is divided by its norm + 1e-7, followed by `nsSteps` iterations of x = a *
 * x + b * x x^T x + c * x x^T x x^T x with a, b, c = 3.4445, -4.7750, 2.0315. All other tensors are updated by Adam at learningRate *
 * adamLrRatio (Keras' form; AdamW with weightDecay) or, with `others: 'sgd'`, by w -= learningRate * m, where `nesterov` replaces m by dw +
 * momentum * m. Keras' Muon (keras/src/optimizers/muon.py) applies only to kernels of two and three axes, uses the ratio of rows to
 * columns, and has other defaults: learningRate 0.001, nsSteps 6, weightDecay 0.1. The published learningRate is 0.02. On resnet8, a rate
 * of 0.05 reached a smaller loss than sgd at its best rate, after 32 and after 64 steps and with each of three seeds; 0.02 did not.
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
