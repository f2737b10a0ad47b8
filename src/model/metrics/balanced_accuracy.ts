import * as v from 'valibot';
import { defineMetric } from './metric_definition.ts';

/**
 * The mean recall over the classes that have samples, so that a rare class counts as much as a common one: scikit-learn's
 * `balanced_accuracy_score`.
 */
export const balancedAccuracyMetric = defineMetric({
  type: 'balancedAccuracy',
  schema: v.strictObject({ type: v.literal('balancedAccuracy'), name: v.optional(v.string()) }),
  direction: 'max',
  compute: (tally) => {
    const recalls: number[] = [];
    for (let label = 0; label < tally.classes; label++) {
      const support = tally.support(label);
      if (support > 0) recalls.push(tally.truePositives(label) / support);
    }
    return { value: recalls.length ? recalls.reduce((a, b) => a + b, 0) / recalls.length : 0 };
  },
});
