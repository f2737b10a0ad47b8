import * as v from 'valibot';
import { defineLoss, entropy, labelSmoothing } from '../loss_definition.ts';

/**
 * loss = -log p[label], averaged over the samples: Keras' SparseCategoricalCrossentropy for a model that ends in softmax. With
 * `labelSmoothing` s the label's class gets 1 - s + s / classes and every other class s / classes, as in PyTorch's
 * CrossEntropyLoss; Keras has that option only for class probabilities.
 */
export const sparseCategoricalCrossentropy = defineLoss({
  type: 'sparseCategoricalCrossentropy',
  schema: v.strictObject({ type: v.literal('sparseCategoricalCrossentropy'), ...labelSmoothing }),
  ending: 'softmax',
  labels: 'classes',
  metric: 'accuracy',
  chance: (shares, { labelSmoothing }) => entropy(shares, labelSmoothing),
});
