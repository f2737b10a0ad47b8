import type { Command } from 'commander';
import { healthLevels } from '../health/health.ts';
import { tutorialEpochs } from '../model/tutorial.ts';
import { addCheckpointOptions } from './checkpoint_options.ts';
import { addFitOptions } from './fit_options.ts';
import { addFromOptions } from './from_model.ts';
import { addRunOptions } from './run_options.ts';
import { integer, oneOf, outputFile, outputFolder } from './values.ts';

/** Adds the options of `train`, with which the trials of a sweep are checked too. */
export function addTrainOptions(command: Command): Command {
  return addFitOptions(addCheckpointOptions(addFromOptions(addRunOptions(command))))
    .option(
      '--epochs <n>',
      `rounds over the training images (default: ${tutorialEpochs})`,
      integer('--epochs', { min: 1 }),
    )
    .option(
      '--health <level>',
      'off (gradient norms alone), norms (every figure of a step, and verdicts), full (probes every few steps too)',
      oneOf('--health', healthLevels),
      'norms',
    )
    .option(
      '--probe-every <n>',
      'steps from one probe to the next, with --health full (default: 100)',
      integer('--probe-every', { min: 1 }),
    )
    .option(
      '--save <file>',
      'write the run with its weights when it ends: the training page loads it',
      outputFile('--save'),
    )
    .option('--apply-remedy', "train once more with the verdict's first remedy, if it is a setting")
    .option('--csv <file>', 'write a row for each step while it trains', outputFile('--csv'))
    .option('--logdir <folder>', "write TensorBoard's event files while it trains", outputFolder('--logdir'));
}
