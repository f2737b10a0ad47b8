import * as v from 'valibot';
import type { Tally } from './tally.ts';

/** The `average` option of Keras' F1Score, shared by all metrics that have a value per class. */
export const averageOption = v.optional(v.picklist(['macro', 'micro', 'weighted']), 'macro');

/** The counts from which such a metric is computed, for one class or for all together. */
export interface ClassCounts {
  truePositives: number;
  support: number;
  predicted: number;
}

/**
 * The value of each class, and their average: `macro` is the unweighted mean, including classes without samples; `weighted`
 * weights each class by its number of samples; `micro` is computed from the counts of all classes together.
 */
export function averaged(
  tally: Tally,
  average: 'macro' | 'micro' | 'weighted',
  figure: (counts: ClassCounts) => number,
): { value: number; byClass: number[] } {
  const counts = Array.from({ length: tally.classes }, (_, label) => ({
    truePositives: tally.truePositives(label),
    support: tally.support(label),
    predicted: tally.predicted(label),
  }));
  const byClass = counts.map(figure);
  const sum = (of: (one: ClassCounts, label: number) => number) => counts.reduce((s, one, i) => s + of(one, i), 0);
  if (average === 'micro') {
    const all = {
      truePositives: sum((one) => one.truePositives),
      support: sum((one) => one.support),
      predicted: sum((one) => one.predicted),
    };
    return { value: figure(all), byClass };
  }
  if (average === 'macro') return { value: sum((_, i) => byClass[i]!) / tally.classes, byClass };
  const support = sum((one) => one.support);
  return { value: support > 0 ? sum((one, i) => one.support * byClass[i]!) / support : 0, byClass };
}
