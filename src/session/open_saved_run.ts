import { recordedVariants } from '../api/open_model.ts';
import { createTrainer, type Trainer } from '../api/trainer.ts';
import { createAugmenter } from '../augment/augmenter.ts';
import { DataError } from '../errors.ts';
import { optionsOfRun } from '../formats/model_of_run.ts';
import type { SavedRun } from '../formats/run_file.ts';
import type { Gpu } from '../gpu/device.ts';
import type { RunRequest } from './run_request.ts';

/**
 * Opens the network of a saved run, with its weights.
 *
 * @param name of the file, for errors.
 * @throws DataError if the model expects images of a different shape than the run's.
 */
export async function openSavedRun(
  gpu: Gpu,
  { options, dataset, snapshot }: Pick<SavedRun, 'options' | 'dataset' | 'snapshot'>,
  name: string,
): Promise<Trainer> {
  const { augmentation } = options;
  const augmenter = createAugmenter(gpu, { imageShape: dataset.imageShape, augmentation: augmentation ?? {} });
  augmenter.dispose();
  const shape = augmenter.outputShape;
  if (options.model.inputShape.join() !== shape.join()) {
    throw new DataError({
      what: `The model in ${name} is not for its images`,
      found: options.model.inputShape,
      expected: shape.join(' x '),
    });
  }
  const trainer = createTrainer(gpu, { ...optionsOfRun({ options, dataset }), ...recordedVariants(gpu, options) });
  try {
    await trainer.restore(snapshot);
    return trainer;
  } catch (error) {
    trainer.dispose();
    throw error;
  }
}

/** The request that a saved run was made from. Files of other programs may leave options at their defaults. */
export function requestOf({
  options,
  dataset,
  epochs,
  fit,
  testTimeAugmentation,
}: Pick<SavedRun, 'options' | 'dataset' | 'epochs' | 'fit' | 'testTimeAugmentation'>) {
  const { augmentation, optimizer, batchSize, seed, ...others } = options;
  const { name, clean = [], reading, trainSamples, testSamples } = dataset;
  return {
    ...others,
    augmentation: augmentation ?? {},
    optimizer: optimizer ?? ('adam' as const),
    batchSize: batchSize ?? 32,
    seed: seed ?? 0,
    ...{ dataset: name, clean, epochs, trainSamples, testSamples },
    ...(reading && { reading }),
    ...(fit && { fit }),
    ...(testTimeAugmentation && { testTimeAugmentation }),
  } satisfies RunRequest;
}
