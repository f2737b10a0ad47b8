import type { FitSettings, TrainerOptions } from '../../index.ts';
import type { JsonOptions } from '../../report/sweep_file.ts';
import { fitSettingsOf } from '../fit_options.ts';
import { describeRun, type PreparedRun, requireFitSettings } from '../run.ts';
import type { RunOptions } from '../run_options.ts';
import type { ReadImages, TrialImages } from './datasets.ts';
import { parseTrial } from './trial_options.ts';

/** A trial that has been checked as far as possible without a GPU. */
export interface CheckedTrial extends TrialImages {
  options: RunOptions;
  trainer: TrainerOptions;
  fit: FitSettings;
  measured: PreparedRun['measured'];
}

/** Checks the options of a trial as `train` does before it starts Chrome, with the same errors. */
export async function checkTrial(json: JsonOptions, read: ReadImages): Promise<CheckedTrial> {
  const { fit, options: asked } = fitSettingsOf(parseTrial(json));
  const { datasets, data } = await read(asked);
  const { options, trainer } = describeRun(asked, datasets, { freeze: asked.freeze });
  const measured = requireFitSettings({ fit, epochs: options.epochs }, trainer, datasets);
  return { options, trainer, fit, measured, datasets, data };
}
