import * as v from 'valibot';
import { number } from '../../check.ts';
import { defineLoss, labelSmoothing } from '../loss_definition.ts';

/**
 * loss = -sum over k of alpha (1 - p[k])^gamma t[k] log p[k], averaged over the samples: Keras' CategoricalFocalCrossentropy
 * (Lin et al. 2017) for a model that ends in softmax. The larger gamma is, the less weight samples get that are already predicted well.
 * Keras clips p to 1e-7 .. 1 - 1e-7; here the log is computed from the logits, and nothing is clipped.
 */
export const categoricalFocalCrossentropy = defineLoss({
  type: 'categoricalFocalCrossentropy',
  schema: v.strictObject({
    type: v.literal('categoricalFocalCrossentropy'),
    alpha: v.optional(number(0), 0.25),
    gamma: v.optional(number(0), 2),
    ...labelSmoothing,
  }),
  ending: 'softmax',
  labels: 'shares',
  metric: 'accuracy',
  chance: (shares, { alpha, gamma }) =>
    shares.reduce((sum, p) => (p > 0 ? sum - alpha * (1 - p) ** gamma * p * Math.log(p) : sum), 0),
});
