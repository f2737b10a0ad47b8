import type { PairRecord } from '../compare/twin_record.ts';
import type { Variable } from '../compare/variables.ts';
import { fillOptimizer } from '../model/optimizer.ts';
import type { ComparisonConfig, ComparisonFile } from '../report/comparison_file.ts';
import { newComparisonFile } from '../report/comparison_file.ts';
import type { FitSettings } from '../train/fit_settings.ts';
import type { TrainerOptions } from '../train/trainer_options.ts';
import type { RunRequest } from './run_request.ts';

/** Two runs that differ in one variable, and the seeds with which they are repeated. */
export interface Compared {
  vary: Variable;
  /** The options that both runs share. */
  run: Pick<RunRequest, 'dataset' | 'clean' | 'trainSamples' | 'testSamples' | 'epochs'>;
  /** Fingerprint of the images. */
  data: string;
  a: TrainerOptions;
  b: TrainerOptions;
  fit?: FitSettings;
  /** One pair is trained per seed. */
  seeds: readonly number[];
}

/** A comparison in its file format, with the pairs that are complete. */
export function comparisonFileOf(
  { vary, run, data, a, b, fit = {}, seeds }: Compared,
  pairs: readonly PairRecord[],
  about: Pick<ComparisonFile, 'command' | 'versions' | 'adapter'>,
): ComparisonFile {
  const { dataset, clean, trainSamples, testSamples, epochs } = run;
  return newComparisonFile({
    ...about,
    config: {
      ...{ vary, dataset, clean, trainSamples, testSamples, epochs, data, a: figuring(a), b: figuring(b) },
      ...(Object.keys(fit).length > 0 && { fit }),
    },
    seeds: [...seeds],
    pairs: [...pairs],
  });
}

/** The options that affect the results of a pair, with their defaults filled in, so that the same run always has the same description. */
function figuring({
  model,
  optimizer,
  augmentation,
  mix,
  copies,
  batchSize,
  accumulationSteps = 1,
  activationStorage = 'float32',
  lossScale,
  loss,
  metrics = [],
}: TrainerOptions): ComparisonConfig['a'] {
  return {
    model,
    optimizer: fillOptimizer(optimizer ?? 'adam'),
    augmentation: augmentation ?? {},
    mix: mix ?? 'replace',
    ...(copies !== undefined && { copies }),
    batchSize: batchSize ?? 32,
    ...(accumulationSteps > 1 && { accumulationSteps }),
    ...(activationStorage === 'float16' && { activationStorage, ...(lossScale && { lossScale }) }),
    loss: loss ?? 'sparseCategoricalCrossentropy',
    ...(metrics.length > 0 && { metrics }),
  };
}
