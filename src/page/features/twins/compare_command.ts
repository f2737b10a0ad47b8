import type { DatasetFacts } from '../../../data/served_datasets.ts';
import { compareCommand as typed } from '../../../formats/shell_command.ts';
import type { Variable } from '../../../index.ts';
import { fillOptimizer } from '../../../model/optimizer.ts';
import { augmentationPresets } from '../../../train/augmentation_presets.ts';
import type { Plan } from '../../../train/run_length.ts';
import { augmentationOf, type Experiment, modelOf, type SettledExperiment } from '../../app/experiment.ts';
import { learningRateOf, rateText } from '../../app/learning_rate.ts';

/** An experiment's value of a variable, in the syntax of --a and --b of `wgrad compare`. */
export function flagOf(experiment: SettledExperiment, vary: Variable, facts: DatasetFacts): string {
  const { augmentation, model, optimizer } = experiment;
  switch (vary) {
    case 'augmentation':
      if (typeof augmentation === 'string' && Object.hasOwn(augmentationPresets, augmentation)) return augmentation;
      return JSON.stringify(augmentationOf(experiment));
    case 'model':
      if (typeof model === 'string') return model;
      return JSON.stringify(modelOf(experiment, facts.imageShape, facts));
    case 'optimizer':
      return isPlain(optimizer) ? optimizer.type : JSON.stringify(optimizer);
    case 'learning-rate':
      return rateText(learningRateOf(optimizer));
  }
}

const isPlain = (optimizer: Experiment['optimizer']) =>
  JSON.stringify(fillOptimizer(optimizer)) === JSON.stringify(fillOptimizer(optimizer.type));

/** Optimizer options that have a command-line option. */
const optimizerFlags: Record<string, string> = {
  momentum: '--momentum',
  clipnorm: '--clipnorm',
  clipvalue: '--clipvalue',
  globalClipnorm: '--global-clipnorm',
  weightDecay: '--weight-decay',
};

/** The command-line options for an optimizer, or JSON if one of its options has none. */
function optimizerWords(optimizer: Experiment['optimizer'], vary: Variable): string[] {
  const { type, learningRate, useEma, emaMomentum, ...options } = optimizer;
  const hasRate = vary !== 'learning-rate' && learningRate !== undefined;
  const defaults = fillOptimizer(type);
  const others = Object.entries(options).filter(
    ([name, value]) => value !== undefined && value !== defaults[name as keyof typeof defaults],
  );
  if (others.some(([name]) => !optimizerFlags[name])) {
    const { learningRate: _, ...rest } = optimizer;
    return ['--optimizer', JSON.stringify(hasRate ? optimizer : rest)];
  }
  return [
    ...['--optimizer', type],
    ...(hasRate ? ['--learning-rate', rateText(learningRate)] : []),
    ...(useEma ? ['--ema', String(emaMomentum ?? defaults.emaMomentum)] : []),
    ...others.flatMap(([name, value]) => [optimizerFlags[name]!, String(value)]),
  ];
}

/**
 * The command that repeats the comparison with the same pairs.
 *
 * @returns undefined if there is none: for the user's images, cleaned data sets, or other losses.
 */
export function compareCommand(
  twins: { vary: Variable; a: SettledExperiment; b: SettledExperiment },
  facts: DatasetFacts,
  { epochs, trainSamples, testSamples }: Plan,
  pairs: number,
): string | undefined {
  const { vary, a, b } = twins;
  const { dataset, clean, batchSize, accumulationSteps, activationStorage, seed, optimizer, loss } = a;
  if (dataset === 'own' || clean.length || loss || activationStorage) return undefined;
  const words = ['--vary', vary, '--a', flagOf(a, vary, facts), '--b', flagOf(b, vary, facts), '--dataset', dataset];
  for (const shared of ['augmentation', 'model'] as const) {
    if (shared !== vary) words.push(shared === 'model' ? '--model' : '--augment', flagOf(a, shared, facts));
  }
  if (vary !== 'optimizer') {
    words.push(...optimizerWords(optimizer, vary));
  }
  const numbers = {
    batchSize,
    ...(accumulationSteps > 1 && { accumulationSteps }),
    seed,
    seeds: pairs,
    epochs,
    trainSamples,
    testSamples,
  };
  for (const [name, value] of Object.entries(numbers)) {
    words.push(`--${name.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)}`, String(value));
  }
  return typed(words);
}
