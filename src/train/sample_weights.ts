import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError, suggest } from '../errors.ts';
import { counted } from '../figures.ts';
import { hasClasses } from '../plan/samples.ts';

/** Weights of classes by their index, as Keras has them; `'balanced'`: samples / (classes * samples of the class). */
export type ClassWeight = Record<number, number> | 'balanced';

/** @throws ConfigurationError for weights of another number than there are images, negative ones, or such that are not finite. */
export function requireSampleWeight(weights: ArrayLike<number>, count: number): Float32Array {
  if (typeof weights !== 'object' || weights === null || weights.length !== count) {
    throw new ConfigurationError({
      what: 'The sample weights are not as many as the images',
      found: typeof weights === 'object' && weights !== null ? counted(weights.length, 'weight') : weights,
      expected: `${count}, one for each image`,
      place: ['sampleWeight'],
    });
  }
  const all = Float32Array.from(weights);
  const wrong = all.findIndex((weight) => !(weight >= 0 && weight < Infinity));
  if (wrong < 0) return all;
  throw new ConfigurationError({
    what: `The sample weight of image ${wrong} is invalid`,
    found: weights[wrong],
    expected: 'a finite number >= 0',
    place: ['sampleWeight'],
  });
}

/** @throws ConfigurationError for what is no weight of classes, whatever the data set. */
export function requireClassWeight(classWeight: unknown): ClassWeight {
  if (classWeight === 'balanced') return classWeight;
  if (typeof classWeight !== 'object' || classWeight === null || Array.isArray(classWeight)) {
    throw new ConfigurationError({
      what: 'Invalid classWeight',
      found: classWeight,
      expected: "{ 0: 1, 1: 5, ... }, a weight for each class, or 'balanced'",
      ...(typeof classWeight === 'string' && { fix: suggest(classWeight, ['balanced']) }),
      place: ['classWeight'],
    });
  }
  for (const [label, weight] of Object.entries(classWeight)) {
    if (!/^\d+$/.test(label)) {
      throw new ConfigurationError({
        what: 'classWeight has a key that is no class index',
        found: label,
        expected: 'class indices from 0 on',
        place: ['classWeight', label],
      });
    }
    if (typeof weight === 'number' && weight >= 0 && weight < Infinity) continue;
    throw new ConfigurationError({
      what: `The weight of class ${label} is invalid`,
      found: weight,
      expected: 'a finite number >= 0',
      place: ['classWeight', label],
    });
  }
  return classWeight as ClassWeight;
}

/**
 * The class of each sample that its weight goes by: its label, or of targets the largest share or whether the only number
 * is above 0.5, as in Keras.
 *
 * @throws ConfigurationError for samples that have no class.
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
    what: 'classWeight needs samples with a class each',
    found: `targets of ${counted(outputs, 'number')} each that are not classes`,
    expected: 'labels, or targets with a single 1',
    fix: 'give sampleWeight, a weight for each image',
    place: ['classWeight'],
  });
}

/** samples / (classes * samples of the class), so that all classes weigh the same; scikit-learn's formula. */
function balanced(classes: number, of: ArrayLike<number>): Record<number, number> {
  const counts = new Array<number>(classes).fill(0);
  for (let i = 0; i < of.length; i++) counts[of[i]!]!++;
  const present = counts.filter((count) => count > 0).length;
  return Object.fromEntries(counts.map((count, label) => [label, count > 0 ? of.length / (present * count) : 1]));
}

/**
 * A weight for each sample of a data set, the class' times its own; undefined where neither is given.
 *
 * @throws ConfigurationError as `requireSampleWeight` and `requireClassWeight` do, and where a class has no weight, or a
 *   weight no class.
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
      what: 'classWeight has a class that the data set has not',
      found: `class ${beyond}`,
      expected: `0 to ${classes - 1}`,
      place: ['classWeight', beyond],
    });
  }
  const missing = Array.from(of).find((label) => weights[label] === undefined);
  if (missing !== undefined) {
    throw new ConfigurationError({
      what: `classWeight lacks a weight of class ${missing}`,
      found: given,
      expected: `a weight for each class, 0 to ${classes - 1}`,
      fix: `add "${missing}": 1`,
      place: ['classWeight'],
    });
  }
  return Float32Array.from({ length: dataset.count }, (_, n) => weights[of[n]!]! * (own ? own[n]! : 1));
}
