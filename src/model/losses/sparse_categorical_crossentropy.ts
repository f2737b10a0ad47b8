import * as v from 'valibot';
import { defineLoss, entropy, labelSmoothing } from '../loss_definition.ts';

/**
 * loss = -log p[label], the mean over the samples: Keras' SparseCategoricalCrossentropy on a model that ends in softmax. With
 * `labelSmoothing` s the label is 1 - s + s / classes of its class and s / classes of each other one, as in PyTorch's
 * CrossEntropyLoss; Keras has that option for shares of classes only.
 */
export const sparseCategoricalCrossentropy = defineLoss({
  type: 'sparseCategoricalCrossentropy',
  schema: v.strictObject({ type: v.literal('sparseCategoricalCrossentropy'), ...labelSmoothing }),
  ending: 'softmax',
  labels: 'classes',
  metric: 'accuracy',
  chance: (shares, { labelSmoothing }) => entropy(shares, labelSmoothing),
});
