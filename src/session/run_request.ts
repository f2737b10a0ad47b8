import type { Finding } from '../data/findings.ts';
import type { ReadingOptions } from '../data/reading_options.ts';
import type { FitSettings } from '../train/fit_settings.ts';
import type { TrainerOptions } from '../train/trainer_options.ts';

/** A run as plain data: the trainer's options, the data set and the number of epochs. The library checks all of it. */
export interface RunRequest extends TrainerOptions {
  /** Name of the data set. */
  dataset: string;
  /** The data check's findings whose images are left out. */
  clean: readonly Finding[];
  /** How the user's own files were read. */
  reading?: ReadingOptions;
  epochs: number;
  /** Number of images of each part, taken from its beginning. 0 test images mean a run without validation. */
  trainSamples: number;
  testSamples: number;
  /** Validation and early stopping options of `fit`. */
  fit?: FitSettings;
  /** Number of augmented samples per validation image, whose predictions are averaged. */
  testTimeAugmentation?: number;
}

/** The `createTrainer` options of a request. */
export function trainerOptionsOf(request: RunRequest): TrainerOptions {
  const { dataset, clean, reading, epochs, trainSamples, testSamples, fit, testTimeAugmentation, ...options } = request;
  return options;
}
