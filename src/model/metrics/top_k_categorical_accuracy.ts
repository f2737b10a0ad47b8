import * as v from 'valibot';
import { integer } from '../../check.ts';
import { defineMetric, ratio } from './metric_definition.ts';

/**
 * The fraction of samples whose label is among the k classes with the largest probabilities. Ties are resolved in favor of the
 * label.
 */
export const topKCategoricalAccuracyMetric = defineMetric({
  type: 'topKCategoricalAccuracy',
  kerasName: 'TopKCategoricalAccuracy',
  schema: v.strictObject({
    type: v.literal('topKCategoricalAccuracy'),
    name: v.optional(v.string()),
    k: v.optional(integer(1), 5),
  }),
  direction: 'max',
  compute: ({ ranks, total }, { k }) => ({
    value: ratio(
      ranks.subarray(0, k).reduce((a, b) => a + b, 0),
      total,
    ),
  }),
  check: ({ k }, classes) =>
    k > classes ? { found: `k ${k}`, expected: `k from 1 to ${classes}, the number of classes` } : undefined,
});
