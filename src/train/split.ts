import { kerasSubset } from '../augment/keras_subset.ts';
import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError } from '../errors.ts';
import { counted } from '../figures.ts';
import type { InputView } from '../plan/mix.ts';
import { pipelineFor } from '../plan/pipeline_for.ts';
import { hasClasses, sliceDataset } from '../plan/samples.ts';

/** The training and validation parts of a data set. */
export interface Split {
  training: Dataset;
  validation?: Dataset;
  /** Index in the data set at which `training` starts. */
  start: number;
}

/**
 * Splits a data set into training and validation samples.
 *
 * ImageDataGenerator's validationSplit holds out the first images, without shuffling; with `subset: 'validation'` those are
 * trained on. The validationSplit of `fit` holds out the last ones, unless there is validation data.
 *
 * @throws ConfigurationError if both splits are used, for a split that leaves a part empty, and if one part of the generator's
 * split has classes that the other lacks.
 */
export function splitForTraining(
  dataset: Dataset,
  { augmentation }: InputView,
  { validationSplit, validationData }: { validationSplit?: number; validationData?: Dataset } = {},
): Split {
  const { generator } = pipelineFor(augmentation, dataset.imageShape);
  const share = validationData ? undefined : validationSplit;
  if (generator?.validationSplit) {
    if (share === undefined) return splitOfGenerator(dataset, generator.validationSplit, generator.subset);
    throw new ConfigurationError({
      what: 'validationSplit is set twice: in fit and in the augmentation',
      found: { fit: share, augmentation: generator.validationSplit },
      expected: 'one of them',
      fix: "leave out fit's to keep the first images, or the augmentation's to keep the last ones",
    });
  }
  return share === undefined ? { training: dataset, start: 0 } : splitOffLast(dataset, share);
}

function splitOfGenerator(dataset: Dataset, share: number, subset: string | null | undefined): Split {
  const placeOf = (name: 'training' | 'validation') =>
    kerasSubset(name, share, dataset.count, hasClasses(dataset) ? { labels: dataset.labels } : {});
  const part = (name: 'training' | 'validation') => {
    const { start, count } = placeOf(name);
    return sliceDataset(dataset, start, count);
  };
  return subset === 'validation'
    ? { training: part('validation'), start: placeOf('validation').start }
    : { training: part('training'), start: placeOf('training').start, validation: part('validation') };
}

/** Keras' validation_split: training ends at floor(count * (1 - share)). */
function splitOffLast(dataset: Dataset, share: number): Split {
  const at = lastShareBegins(dataset.count, share);
  return {
    training: sliceDataset(dataset, 0, at),
    validation: sliceDataset(dataset, at, dataset.count - at),
    start: 0,
  };
}

/**
 * Index of the first sample that `validationSplit` holds out.
 *
 * @throws ConfigurationError if that leaves nothing to train on or to validate with.
 */
export function lastShareBegins(count: number, share: number): number {
  const at = Math.floor(count * (1 - share));
  if (at > 0 && at < count) return at;
  throw new ConfigurationError({
    what: `validationSplit leaves no image ${at === 0 ? 'to train on' : 'for validation'}`,
    found: `${share} of ${counted(count, 'image')}`,
    expected: 'at least one image in each part',
    fix: 'use another fraction, or more images',
  });
}
