import { kerasSubset } from '../augment/keras_subset.ts';
import type { Dataset } from '../data/dataset.ts';
import { type InputView, pipelineFor } from '../plan/input.ts';

/**
 * The part of a data set that is trained on, and the part that ImageDataGenerator's validationSplit keeps for validation: the
 * first images, without a shuffle. With `subset: 'validation'` those are trained on.
 *
 * @throws ConfigurationError where one part has classes that the other lacks.
 */
export function splitForTraining(
  dataset: Dataset,
  { augmentation }: InputView,
): { training: Dataset; validation?: Dataset /** Where `training` begins in the data set. */; start: number } {
  const { generator } = pipelineFor(augmentation, dataset.imageShape);
  if (!generator?.validationSplit) return { training: dataset, start: 0 };
  const { validationSplit, subset } = generator;
  const placeOf = (name: 'training' | 'validation') =>
    kerasSubset(name, validationSplit, dataset.count, { labels: dataset.labels });
  const part = (name: 'training' | 'validation') => {
    const { start, count } = placeOf(name);
    const bytes = dataset.imageShape.reduce((a, b) => a * b, 1);
    return {
      ...dataset,
      count,
      images: dataset.images.subarray(start * bytes, (start + count) * bytes),
      labels: dataset.labels.subarray(start, start + count),
    };
  };
  return subset === 'validation'
    ? { training: part('validation'), start: placeOf('validation').start }
    : { training: part('training'), start: placeOf('training').start, validation: part('validation') };
}
