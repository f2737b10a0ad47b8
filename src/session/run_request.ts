import type { Finding } from '../data/findings.ts';
import type { FitSettings } from '../train/fit_settings.ts';
import type { TrainerOptions } from '../train/trainer_options.ts';

/** A run as plain data: the options of its trainer, what it trains on and for how long. The library checks all of it. */
export interface RunRequest extends TrainerOptions {
  /** The name of a data set. */
  dataset: string;
  /** The findings that are left out of it. */
  clean: readonly Finding[];
  epochs: number;
  /** Images of each part, the first ones. 0 test images: a run without validation. */
  trainSamples: number;
  testSamples: number;
  /** How `fit` validates and when it ends. */
  fit?: FitSettings;
  /** Augmented samples of each validation image whose mean its results are. */
  testTimeAugmentation?: number;
}

/** The options of `createTrainer` in a request. */
export function trainerOptionsOf(request: RunRequest): TrainerOptions {
  const { dataset, clean, epochs, trainSamples, testSamples, fit, testTimeAugmentation, ...options } = request;
  return options;
}
