import * as v from 'valibot';
import { averaged, averageOption } from './average.ts';
import { defineMetric, ratio } from './metric_definition.ts';

/**
 * The fraction of the samples predicted as a class that belong to it: TP / (TP + FP). The prediction is the class with the
 * largest probability; Keras' Precision counts every class above a threshold instead, and averages as `micro`.
 */
export const precisionMetric = defineMetric({
  type: 'precision',
  kerasName: 'Precision',
  schema: v.strictObject({ type: v.literal('precision'), name: v.optional(v.string()), average: averageOption }),
  direction: 'max',
  compute: (tally, { average }) =>
    averaged(tally, average, ({ truePositives, predicted }) => ratio(truePositives, predicted)),
});
