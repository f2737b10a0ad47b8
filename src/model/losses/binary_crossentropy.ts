import * as v from 'valibot';
import { defineLoss, labelSmoothing } from '../loss_definition.ts';

/**
 * loss = -(t log p + (1 - t) log(1 - p)), averaged over outputs and samples: Keras' BinaryCrossentropy for a model that ends in
 * sigmoid. One unit separates two classes; several units are independent labels. With `labelSmoothing` s the target becomes t
 * (1 - s) + s / 2. Keras clips p to 1e-7 .. 1 - 1e-7; here the logs are computed from the logits instead.
 */
export const binaryCrossentropy = defineLoss({
  type: 'binaryCrossentropy',
  schema: v.strictObject({ type: v.literal('binaryCrossentropy'), ...labelSmoothing }),
  ending: 'sigmoid',
  labels: 'zeroToOne',
  metric: 'accuracy',
});
