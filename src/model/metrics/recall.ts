import * as v from 'valibot';
import { averaged, averageOption } from './average.ts';
import { defineMetric, ratio } from './metric_definition.ts';

/**
 * The fraction of the samples of a class that were predicted as it: TP / (TP + FN). The prediction is the class with the
 * largest probability; Keras' Recall counts every class above a threshold instead, and averages as `micro`.
 */
export const recallMetric = defineMetric({
  type: 'recall',
  kerasName: 'Recall',
  schema: v.strictObject({ type: v.literal('recall'), name: v.optional(v.string()), average: averageOption }),
  direction: 'max',
  compute: (tally, { average }) =>
    averaged(tally, average, ({ truePositives, support }) => ratio(truePositives, support)),
});
