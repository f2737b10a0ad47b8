import { ConfigurationError } from '../errors.ts';

export type Subset = 'training' | 'validation';

/**
 * Selects the samples of Keras' `flow(x, y, subset=...)` of an ImageDataGenerator with a `validation_split`: without shuffling, the
 * first int(samples * validationSplit) samples are for validation and the rest for training.
 *
 * @param labels of all samples, if there are any: both parts must contain the same classes, unless `ignoreClassSplit` is set.
 * @returns `count` samples from index `start`; the validation part may be empty.
 * @throws ConfigurationError if the fraction is not between 0 and 1, or if a class occurs in only one part.
 */
export function kerasSubset(
  subset: Subset,
  validationSplit: number,
  samples: number,
  { labels, ignoreClassSplit = false }: { labels?: ArrayLike<number>; ignoreClassSplit?: boolean } = {},
): { start: number; count: number } {
  if (!(validationSplit > 0 && validationSplit < 1)) {
    throw new ConfigurationError({
      what: `subset ${JSON.stringify(subset)} needs a validationSplit`,
      found: validationSplit,
      expected: 'a number from 0 to 1 (ends excluded)',
    });
  }
  const split = Math.trunc(samples * validationSplit);
  if (labels && !ignoreClassSplit) requireSameClasses(labels, split);
  return subset === 'validation' ? { start: 0, count: split } : { start: split, count: samples - split };
}

function requireSameClasses(labels: ArrayLike<number>, split: number): void {
  const all = Array.from(labels);
  const validation = new Set(all.slice(0, split));
  const training = new Set(all.slice(split));
  const only = (a: Set<number>, b: Set<number>) => [...a].filter((label) => !b.has(label)).sort((x, y) => x - y);
  const [missing, extra] = [only(training, validation), only(validation, training)];
  if (missing.length === 0 && extra.length === 0) return;
  throw new ConfigurationError({
    what: 'The training and the validation subset have different classes',
    found: { onlyInTraining: missing, onlyInValidation: extra },
    expected: 'every class in both',
    fix: 'shuffle the samples, or set ignoreClassSplit',
  });
}
