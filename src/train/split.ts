import { kerasSubset } from '../augment/keras_subset.ts';
import type { Dataset } from '../data/dataset.ts';
import { pipelineFor, type Viewing } from './input.ts';

/**
 * The part of a data set that is trained on, and the part that ImageDataGenerator's validationSplit keeps for validation: the
 * first images, without a shuffle. With `subset: 'validation'` those are trained on.
 *
 * @throws ConfigurationError where one part has classes that the other lacks.
 */
export function splitForTraining(
  dataset: Dataset,
  { augmentation }: Viewing,
): { training: Dataset; validation?: Dataset } {
  const { generator } = pipelineFor(augmentation, dataset.imageShape);
  if (!generator?.validationSplit) return { training: dataset };
  const { validationSplit, subset } = generator;
  const part = (name: 'training' | 'validation') => {
    const { start, count } = kerasSubset(name, validationSplit, dataset.count, { labels: dataset.labels });
    const bytes = dataset.imageShape.reduce((a, b) => a * b, 1);
    return {
      ...dataset,
      count,
      images: dataset.images.subarray(start * bytes, (start + count) * bytes),
      labels: dataset.labels.subarray(start, start + count),
    };
  };
  return subset === 'validation'
    ? { training: part('validation') }
    : { training: part('training'), validation: part('validation') };
}
