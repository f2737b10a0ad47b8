import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError } from '../errors.ts';
import { counted } from '../figures.ts';
import { hasClasses } from '../plan/samples.ts';
import { type ClassWeight, requireClassWeight, requireSampleWeight } from './sample_weights.ts';

/**
 * The class that determines each sample's weight: its label; for targets the index of the single 1, or the number itself if
 * there is one output and all are 0 or 1.
 *
 * @throws ConfigurationError for samples without a class.
 */
function classesOf(dataset: Dataset): { classes: number; of: ArrayLike<number> } {
  const { labels, classNames, targets, targetNames, count } = dataset;
  if (hasClasses(dataset)) return { classes: classNames.length, of: labels };
  const outputs = targetNames!.length;
  const row = (n: number) => targets!.subarray(n * outputs, (n + 1) * outputs);
  const isOneClass = (n: number) => row(n).reduce((a, b) => a + b, 0) === 1 && row(n).includes(1);
  const rows = Array.from({ length: count }, (_, n) => n);
  if (outputs === 1 && targets!.every((value) => value === 0 || value === 1)) return { classes: 2, of: targets! };
  if (outputs > 1 && rows.every(isOneClass)) return { classes: outputs, of: rows.map((n) => row(n).indexOf(1)) };
  throw new ConfigurationError({
    what: 'classWeight requires a class for each sample',
    found: `targets of ${counted(outputs, 'number')} each that are not classes`,
    expected: 'labels, or targets with a single 1',
    fix: 'use sampleWeight, which has a weight for each image',
    place: ['classWeight'],
  });
}

/**
 * samples / (classes * samples of the class), so that all classes have the same total weight; scikit-learn's formula. A class
 * without samples gets 1.
 *
 * @param counts number of samples per class.
 */
export function balancedWeights(counts: readonly number[]): number[] {
  const samples = counts.reduce((a, b) => a + b, 0);
  const present = counts.filter((count) => count > 0).length;
  return counts.map((count) => (count > 0 ? samples / (present * count) : 1));
}

function balanced(classes: number, of: ArrayLike<number>): Record<number, number> {
  const counts = new Array<number>(classes).fill(0);
  for (let i = 0; i < of.length; i++) counts[of[i]!]!++;
  return { ...balancedWeights(counts) };
}

/**
 * The weight of each sample of a data set: its class' weight times its own; undefined if neither is given.
 *
 * @throws ConfigurationError as `requireSampleWeight` and `requireClassWeight` do, and if a class has no weight or a weight has
 * no class.
 */
export function weightsOf(
  dataset: Dataset,
  { classWeight, sampleWeight }: { classWeight?: ClassWeight; sampleWeight?: ArrayLike<number> },
): Float32Array | undefined {
  const own = sampleWeight === undefined ? undefined : requireSampleWeight(sampleWeight, dataset.count);
  if (classWeight === undefined) return own;
  const given = requireClassWeight(classWeight);
  const { classes, of } = classesOf(dataset);
  const weights = given === 'balanced' ? balanced(classes, of) : given;
  const beyond = Object.keys(weights).find((label) => Number(label) >= classes);
  if (beyond !== undefined) {
    throw new ConfigurationError({
      what: 'classWeight has a class that the data set does not have',
      found: `class ${beyond}`,
      expected: `0 to ${classes - 1}`,
      place: ['classWeight', beyond],
    });
  }
  const missing = Array.from(of).find((label) => weights[label] === undefined);
  if (missing !== undefined) {
    throw new ConfigurationError({
      what: `classWeight has no weight for class ${missing}`,
      found: given,
      expected: `a weight for each class, 0 to ${classes - 1}`,
      fix: `add "${missing}": 1`,
      place: ['classWeight'],
    });
  }
  return Float32Array.from({ length: dataset.count }, (_, n) => weights[of[n]!]! * (own ? own[n]! : 1));
}
