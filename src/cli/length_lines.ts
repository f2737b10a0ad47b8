import { type Dataset, takeFirst } from '../data/index.ts';
import { counted } from '../figures.ts';
import type { FitSettings, TrainerOptions } from '../index.ts';
import { scheduleLengthWarning } from '../model/schedule_length.ts';
import { stepSamples } from '../plan/settings.ts';
import { fillTrainerOptions } from '../train/fill_trainer_options.ts';
import { splitForTraining } from '../train/split.ts';

/**
 * Warnings about the length of a run: a schedule that is longer or shorter than the run, and batches left over at the end of an
 * epoch.
 *
 * @param subject the twin that the lines are about; '' for a single run.
 */
export function lengthWarnings(
  options: TrainerOptions,
  train: Dataset,
  { epochs, trainSamples }: { epochs: number; trainSamples: number },
  { validationSplit }: FitSettings = {},
  subject = '',
): string[] {
  const settings = fillTrainerOptions(options);
  const { inputView, batchSize, accumulationSteps, optimizer } = settings;
  const images = takeFirst(train, trainSamples);
  const split = splitForTraining(images, inputView, validationSplit === undefined ? {} : { validationSplit });
  const samples = split.training.count * inputView.views;
  const warning = scheduleLengthWarning(optimizer.learningRate, epochs * Math.ceil(samples / stepSamples(settings)));
  const left = Math.ceil(samples / batchSize) % accumulationSteps;
  return [
    ...(warning ? [`warning  ${subject}${warning}`] : []),
    ...(left > 0
      ? [
          `note     ${subject}the last step of each epoch has ${counted(left, 'batch', 'batches')} in place of ${accumulationSteps}: ` +
            `the ${counted(samples % stepSamples(settings), 'sample')} that remain`,
        ]
      : []),
  ];
}
