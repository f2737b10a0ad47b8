import * as v from 'valibot';
import { defineLoss, entropy, labelSmoothing } from '../loss_definition.ts';

/**
 * loss = -sum over k of t[k] log p[k], averaged over the samples: Keras' CategoricalCrossentropy for a model that ends in
 * softmax. t are class probabilities; with `labelSmoothing` s they become t (1 - s) + s / classes.
 */
export const categoricalCrossentropy = defineLoss({
  type: 'categoricalCrossentropy',
  schema: v.strictObject({ type: v.literal('categoricalCrossentropy'), ...labelSmoothing }),
  ending: 'softmax',
  labels: 'shares',
  metric: 'accuracy',
  chance: (shares, { labelSmoothing }) => entropy(shares, labelSmoothing),
});
