import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { datasetNames, type Finding, findings } from '../data/index.ts';
import { largestImageSize, largestValidationSplit, type ReadingOptions } from '../data/reading_options.ts';
import { ConfigurationError, suggest } from '../errors.ts';
import type { AugmentationConfig, HealthLevel, KernelVariants, MetricConfig } from '../index.ts';
import { describeModels } from '../model/describe.ts';
import { defaultLoss, fillLoss, type LossConfig } from '../model/loss.ts';
import { lossTypes } from '../model/losses/index.ts';
import type { OptimizerConfig } from '../model/optimizer.ts';
import { type OptimizerType, optimizerTypes } from '../model/optimizers/index.ts';
import { aboutPreset, presetNames } from '../model/presets.ts';
import type { LearningRate, ScheduleConfig } from '../model/schedule.ts';
import { scheduleTypes } from '../model/schedules/index.ts';
import { tutorialBatchSize } from '../model/tutorial.ts';
import type { Mix } from '../plan/mix.ts';
import { augmentationPresetNames } from '../train/augmentation_presets.ts';
import { type AdapterOptions, addAdapterOptions } from './adapter_options.ts';
import { folderKinds } from './datasets.ts';
import { addDefaultDataset } from './default_dataset.ts';
import {
  byteSize,
  choices,
  integer,
  jsonOption,
  namedOrJson,
  numberOrJson,
  oneOf,
  outputFile,
  outputFolder,
  real,
  wordOrInteger,
} from './values.ts';

/** Options as the user typed them; undefined if left out. */
export interface RunOptions extends AdapterOptions, ReadingOptions {
  dataset: string;
  /** Findings whose images are left out. */
  clean: Finding[];
  trainSamples?: number;
  testSamples?: number;
  epochs?: number;
  batchSize: number;
  accumulationSteps?: number;
  /** Limit for all GPU memory of the run, in bytes. */
  memoryBudget?: number;
  activationStorage?: 'float32' | 'float16';
  lossScale?: number | 'dynamic';
  optimizer: OptimizerType | Exclude<OptimizerConfig, string>;
  learningRate?: LearningRate;
  momentum?: number;
  clipnorm?: number;
  clipvalue?: number;
  globalClipnorm?: number;
  weightDecay?: number;
  /** Momentum of the moving average of the weights; true for its default. */
  ema?: number | true;
  seed: number;
  augment: string | AugmentationConfig;
  mix: Mix;
  copies?: number;
  model: string | Record<string, unknown>;
  loss?: LossConfig;
  json?: string;
  health?: HealthLevel;
  probeEvery?: number;
  metrics?: MetricConfig[];
  sampleWeight?: SampleWeightFile;
  tuning?: 'auto' | 'off' | 'full';
  kernelVariants?: KernelVariants;
}

/** The file of --sample-weight. */
export interface SampleWeightFile {
  path: string;
  /** One weight per training image of the data set, in order. */
  weights: readonly number[];
}

/** Options of the optimizer that have a command-line option each. */
export const optimizerFlags = [
  'learningRate',
  'momentum',
  'clipnorm',
  'clipvalue',
  'globalClipnorm',
  'weightDecay',
  'ema',
] as const satisfies readonly (keyof RunOptions)[];

const largestSeed = 2 ** 32 - 1;

/** Options that several commands share. */
const shared = {
  dataset: () =>
    new Option('--dataset <name or folder>', `${datasetNames.join(', ')}, or a folder with ${folderKinds}`).default(
      'mnist',
      'mnist, or digits if MNIST cannot be downloaded',
    ),
  clean: () =>
    new Option(
      '--clean <findings>',
      `leave out images with these findings: none, all, or some of ${findings.join(',')}`,
    )
      .argParser(choices('--clean', findings))
      .default([], 'none'),
  validationSplit: () =>
    new Option(
      '--validation-split <x>',
      'fraction of each class to hold out for validation if a folder has no validation split (default: 0.2; 0 trains without validation). Given for another data set, train holds out the last training images and evaluates the test images at the end',
    ).argParser(real('--validation-split', { min: 0, max: largestValidationSplit })),
  imageSize: () =>
    new Option(
      '--image-size <n>',
      'height and width to resize pictures to (default: their own size up to 64, otherwise 32)',
    ).argParser(integer('--image-size', { min: 1, max: largestImageSize })),
  labels: () =>
    new Option(
      '--labels <name>',
      'which labels to use if the files have several: a column of a table, fine or coarse for CIFAR-100, a set of EMNIST',
    ),
  stretch: () =>
    new Option(
      '--stretch',
      'spread the values of images over the full range of 0 to 255, if arrays or 16-bit PNGs use only part of theirs',
    ),
  seed: () =>
    new Option('--seed <n>', 'seed of all random numbers')
      .argParser(integer('--seed', { min: 0, max: largestSeed }))
      .default(0),
  augment: () =>
    new Option(
      '--augment <what>',
      "tutorial, handwriting (the tutorial's without its flip), none; or Keras' ImageDataGenerator arguments or a list of ops as JSON (text or file)",
    )
      .argParser(namedOrJson<AugmentationConfig>('--augment', augmentationPresetNames, { list: true }))
      .default('tutorial'),
};

/** Adds the options for what is trained and where, which `train` and `profile` share. */
export function addRunOptions(command: Command): Command {
  addDefaultDataset(command)
    .addOption(shared.dataset())
    .addOption(shared.clean())
    .addOption(shared.validationSplit())
    .addOption(shared.imageSize())
    .addOption(shared.labels())
    .addOption(shared.stretch())
    .option('--train-samples <n>', 'use only the first n training images', integer('--train-samples', { min: 1 }))
    .option('--test-samples <n>', 'use only the first n test images', integer('--test-samples', { min: 1 }))
    .option('--batch-size <n>', 'images per batch', integer('--batch-size', { min: 1 }), tutorialBatchSize)
    .option(
      '--accumulation-steps <k>',
      'number of batches whose gradients are accumulated per step, for larger steps in the memory of one batch (default: 1)',
      integer('--accumulation-steps', { min: 1, max: 65536 }),
    )
    .option(
      '--memory-budget <size>',
      'maximum GPU memory for the network and the images, such as 256MiB or 1.5GB; images that do not fit are streamed during training (default: twice the largest binding for a data set)',
      byteSize('--memory-budget'),
    )
    .option(
      '--activation-storage <type>',
      'number format in which the outputs of layers and their gradients are stored: float32, or float16, which takes half the memory; all arithmetic stays in float32 (default: float32)',
      oneOf('--activation-storage', ['float32', 'float16']),
    )
    .option(
      '--loss-scale <n>',
      'with --activation-storage float16: power of two by which gradients between layers are multiplied so that they do not underflow, or dynamic to adapt it during training (default: at least 64 times the batch size)',
      wordOrInteger('--loss-scale', 'dynamic', { min: 1, max: 2 ** 24 }),
    )
    .option(
      '--optimizer <what>',
      `${optimizerTypes.join(', ')}, or an optimizer with its options as JSON (text or file): {"type":"muon","nsSteps":5}`,
      namedOrJson<Exclude<OptimizerConfig, string>>('--optimizer', optimizerTypes),
      'adam' satisfies OptimizerType,
    )
    .option(
      '--learning-rate <x>',
      `learning rate (default: ${defaultsOf('learningRate').join(', ')}), or a schedule as JSON (text or file), such as {"type":"cosineDecay",...}. Types: ${scheduleTypes.join(', ')}`,
      numberOrJson<ScheduleConfig>('--learning-rate', { min: 0 }),
    )
    .option(
      '--momentum <x>',
      `momentum (default: ${defaultsOf('momentum').join(', ')})`,
      real('--momentum', { min: 0, max: 1 }),
    )
    .option('--clipnorm <x>', "clip each tensor's gradient to this norm", real('--clipnorm', { min: 0 }))
    .option('--clipvalue <x>', 'clip each element of the gradients to this magnitude', real('--clipvalue', { min: 0 }))
    .option('--global-clipnorm <x>', 'clip all gradients together to this norm', real('--global-clipnorm', { min: 0 }))
    .option(
      '--weight-decay <x>',
      "fraction of each weight, times the learning rate, that a step subtracts (decoupled, as in AdamW; not a layer's L2 regularizer)",
      real('--weight-decay', { min: 0 }),
    )
    .option(
      '--ema [momentum]',
      'keep a moving average of the weights and validate with it (default momentum: 0.99)',
      real('--ema', { min: 0, max: 1 }),
    )
    .addOption(shared.seed())
    .addOption(shared.augment())
    .option(
      '--mix <how>',
      'replace (a new augmented sample of every image in each epoch), merge (train on the images and augmented copies), or the probability that an image is augmented',
      mixOf,
      'replace',
    )
    .option(
      '--copies <n>',
      'with --mix merge: number of augmented copies of each image (default: 1)',
      integer('--copies', { min: 1 }),
    )
    .option(
      '--model <what>',
      `a model as JSON (text or file), or one of these:\n${presetNames.map((name) => `${name}: ${aboutPreset(name)}`).join('\n')}\n`,
      namedOrJson('--model', presetNames),
      'tutorial',
    );
  command.option(
    '--loss <what>',
    `loss to minimize: ${lossTypes.join(', ')}; or JSON with its options (text or file). The last layer of a preset model follows the loss (default: ${defaultLoss}; if the labels are numbers instead of classes, binaryCrossentropy if all are 0 or 1, otherwise meanSquaredError)`,
    lossOf,
  );
  return addAdapterOptions(command).addOption(
    jsonOption('write everything that is measured, with the configuration, as one JSON object'),
  );
}

/** Adds the options for how a folder is read, for commands that do not train. */
export function addFolderOptions(command: Command): Command {
  return command
    .addOption(shared.validationSplit())
    .addOption(shared.imageSize())
    .addOption(shared.labels())
    .addOption(shared.stretch());
}

/** Adds the options of `evaluate`: the images, and where it runs. */
export function addEvaluationOptions(command: Command): Command {
  command
    .option(
      '--dataset <name or folder>',
      `${datasetNames.join(', ')}, or a folder with ${folderKinds} (default: the data set of the run)`,
    )
    .addOption(shared.clean());
  return addAdapterOptions(addFolderOptions(command));
}

/** Adds the options of `sheet`. */
export function addSheetOptions(command: Command): Command {
  addDefaultDataset(command)
    .addOption(shared.dataset())
    .addOption(shared.clean())
    .addOption(shared.validationSplit())
    .addOption(shared.imageSize())
    .addOption(shared.labels())
    .addOption(shared.stretch())
    .addOption(shared.augment())
    .option(
      '--images <n>',
      'number of rows, one for each of the first training images',
      integer('--images', { min: 1, max: 1000 }),
      8,
    )
    .option('--draws <n>', 'number of augmented samples of each image', integer('--draws', { min: 1, max: 100 }), 8)
    .option('--each', 'draw a section for each op, in which it is applied alone and to every sample', false)
    .addOption(shared.seed())
    .addOption(new Option('--out <file>', 'PNG to write').argParser(outputFile('--out')).default('sheet.png'))
    .addOption(
      new Option('--save <folder>', 'also write every image to this folder, as its own PNG').argParser(
        outputFolder('--save'),
      ),
    );
  return addAdapterOptions(command);
}

/** The optimizers that have an option, and its default in each. */
export const withOption = (name: string) =>
  describeModels().optimizers.flatMap(({ type, options }) => {
    const option = options.find((each) => each.name === name);
    return option ? [{ type, byDefault: option.default }] : [];
  });
const defaultsOf = (name: string) => withOption(name).map(({ type, byDefault }) => `${type} ${byDefault}`);

/** 'replace', 'merge', or a number from 0 to 1. */
function mixOf(text: string): Mix {
  if (text === 'replace' || text === 'merge') return text;
  if (/^[\d.]/.test(text)) return { probability: real('--mix', { min: 0, max: 1 })(text) };
  throw new ConfigurationError({
    what: '--mix has an unknown value',
    found: text,
    expected: 'replace, merge, or a number from 0 to 1',
    fix: suggest(text, ['replace', 'merge']),
  });
}

function lossOf(text: string): LossConfig {
  const isJson = /^\s*\{/.test(text) || existsSync(text);
  const loss = (isJson ? namedOrJson('--loss', lossTypes)(text) : text) as LossConfig;
  fillLoss(loss);
  return loss;
}
