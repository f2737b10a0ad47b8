import * as v from 'valibot';
import { defineMetric } from './metric_definition.ts';

/**
 * Number of samples of each class that were predicted as each class: [label][prediction], as in TensorFlow's
 * `confusion_matrix`.
 */
export const confusionMatrixMetric = defineMetric({
  type: 'confusionMatrix',
  schema: v.strictObject({ type: v.literal('confusionMatrix'), name: v.optional(v.string()) }),
  compute: ({ classes, confusion }) => ({
    value: Array.from({ length: classes }, (_, label) => [
      ...confusion.subarray(label * classes, (label + 1) * classes),
    ]),
  }),
});
