import { ConfigurationError, suggest } from '../errors.ts';
import { counted } from '../figures.ts';

/** Class weights by class index, as in Keras; `'balanced'` uses samples / (classes * samples of the class). */
export type ClassWeight = Record<number, number> | 'balanced';

/** @throws ConfigurationError unless there is one finite weight >= 0 per image. */
export function requireSampleWeight(weights: ArrayLike<number>, count: number): Float32Array {
  if (typeof weights !== 'object' || weights === null || weights.length !== count) {
    throw new ConfigurationError({
      what: 'The numbers of sample weights and images differ',
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

/** @throws ConfigurationError for anything but class weights. Whether they fit the data set is checked elsewhere. */
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
        what: 'classWeight has a key that is not a class index',
        found: label,
        expected: 'class indices, starting at 0',
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
