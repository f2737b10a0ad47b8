import * as v from 'valibot';
import { averaged, averageOption } from './average.ts';
import { defineMetric, ratio } from './metric_definition.ts';

/**
 * The harmonic mean of a class's precision and recall: 2 TP / (2 TP + FP + FN), as in Keras' F1Score without a threshold, but
 * without the 1e-7 that Keras adds to each denominator.
 */
export const f1ScoreMetric = defineMetric({
  type: 'f1Score',
  kerasName: 'F1Score',
  schema: v.strictObject({ type: v.literal('f1Score'), name: v.optional(v.string()), average: averageOption }),
  direction: 'max',
  compute: (tally, { average }) =>
    averaged(tally, average, ({ truePositives, support, predicted }) => ratio(2 * truePositives, support + predicted)),
});
