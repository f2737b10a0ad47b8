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
    .option('--epochs <n>', `number of epochs (default: ${tutorialEpochs})`, integer('--epochs', { min: 1 }))
    .option(
      '--health <level>',
      'what to measure: off (only gradient norms), norms (every figure of a step, and verdicts), full (also probes every few steps)',
      oneOf('--health', healthLevels),
      'norms',
    )
    .option(
      '--probe-every <n>',
      'with --health full: number of steps between probes (default: 100)',
      integer('--probe-every', { min: 1 }),
    )
    .option(
      '--save <file>',
      'write the run with its weights, during training and when it ends; the training page can load it',
      outputFile('--save'),
    )
    .option('--apply-remedy', "train again with the verdict's first remedy, if it is a setting")
    .option('--csv <file>', 'write a row for each step during training', outputFile('--csv'))
    .option('--logdir <folder>', 'write event files for TensorBoard during training', outputFolder('--logdir'));
}
