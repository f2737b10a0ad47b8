import * as v from 'valibot';
import { defineMetric, ratio } from './metric_definition.ts';

/** The fraction of samples whose label has the largest probability. It is counted in every step and every evaluation. */
export const accuracyMetric = defineMetric({
  type: 'accuracy',
  kerasName: 'SparseCategoricalAccuracy',
  schema: v.strictObject({ type: v.literal('accuracy'), name: v.optional(v.string()) }),
  direction: 'max',
  compute: (tally) => {
    let correct = 0;
    for (let label = 0; label < tally.classes; label++) correct += tally.truePositives(label);
    return { value: ratio(correct, tally.total) };
  },
});
