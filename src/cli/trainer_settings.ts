import { parseAugmentation } from '../augment/pipeline.ts';
import type { Dataset } from '../data/index.ts';
import { ConfigurationError } from '../errors.ts';
import type { AugmentationConfig, TrainerOptions } from '../index.ts';
import { type Model, sequential } from '../model/graph.ts';
import { compileForLoss, defaultLoss, endingFor, fillLoss } from '../model/loss.ts';
import { type FilledOptimizer, fillOptimizer, type OptimizerConfig } from '../model/optimizer.ts';
import { optimizerTypes } from '../model/optimizers/index.ts';
import { type PresetName, presetModel } from '../model/presets.ts';
import { type AugmentationPresetName, augmentationPresets } from '../train/augmentation_presets.ts';
import type { Counts } from '../train/run_length.ts';
import { type RunOptions, withOption } from './run_options.ts';

/** The optimizer with its defaults filled in. A command-line option takes precedence over the same option in JSON. */
export function optimizerOf(options: RunOptions): FilledOptimizer {
  const { optimizer, learningRate, momentum, clipnorm, clipvalue, globalClipnorm, weightDecay, ema } = options;
  const config = typeof optimizer === 'string' ? { type: optimizer } : optimizer;
  const having = withOption('momentum').map(({ type }) => type);
  if (momentum !== undefined && optimizerTypes.includes(config.type) && !having.includes(config.type)) {
    throw new ConfigurationError({
      what: `--momentum belongs to ${having.join(', ')}`,
      found: `--optimizer ${config.type} --momentum ${momentum}`,
      fix: `add --optimizer ${having[0]}, or leave --momentum out`,
    });
  }
  const average = ema !== undefined && { useEma: true, ...(ema !== true && { emaMomentum: ema }) };
  const numbers = { learningRate, momentum, clipnorm, clipvalue, globalClipnorm, weightDecay, ...average };
  const given = Object.entries(numbers).filter(([, value]) => value !== undefined);
  return fillOptimizer({ ...config, ...Object.fromEntries(given) } as OptimizerConfig);
}

export function augmentationOf({ augment }: Pick<RunOptions, 'augment'>): AugmentationConfig {
  return typeof augment === 'string' ? augmentationPresets[augment as AugmentationPresetName] : augment;
}

/**
 * The model, checked together with the augmentation before Chrome is started. A preset adapts to the augmented images, which may be
 * crops.
 */
export function modelOf(
  options: RunOptions,
  { imageShape, ...labels }: Pick<Dataset, 'imageShape' | 'classNames' | 'targetNames'>,
): Model {
  const { height, width, channels } = parseAugmentation(augmentationOf(options), imageShape).to;
  const { model: given } = options;
  const loss = fillLoss(options.loss ?? defaultLoss);
  const model =
    typeof given === 'string'
      ? endingFor(presetModel(given as PresetName, [height, width, channels], outputsFor(labels)), loss)
      : (given as unknown as Model);
  sequential(model);
  compileForLoss(model, loss);
  return model;
}

/** Number of outputs that a model needs: one for each class, or for each target number of an image. */
export const outputsFor = ({ classNames, targetNames = [] }: Pick<Dataset, 'classNames' | 'targetNames'>): number =>
  classNames.length || targetNames.length;

/** The options with the loss for images that have target numbers instead of classes, unless --loss is given. */
export function withLossFor<Options extends RunOptions>(
  options: Options,
  { classNames, targets }: Pick<Dataset, 'classNames' | 'targets'>,
): Options {
  if (options.loss !== undefined || !targets || classNames.length > 0) return options;
  const areYesOrNo = targets.every((value) => value === 0 || value === 1);
  return { ...options, loss: areYesOrNo ? 'binaryCrossentropy' : 'meanSquaredError' };
}

/** The options of `createTrainer`. */
export const trainerOptionsOf = (options: RunOptions, model: Model, optimizer: FilledOptimizer): TrainerOptions => ({
  model,
  optimizer,
  augmentation: augmentationOf(options),
  mix: options.mix,
  ...(options.copies !== undefined && { copies: options.copies }),
  batchSize: options.batchSize,
  ...(options.accumulationSteps !== undefined && { accumulationSteps: options.accumulationSteps }),
  ...(options.memoryBudget !== undefined && { memoryBudget: options.memoryBudget }),
  ...(options.activationStorage && { activationStorage: options.activationStorage }),
  ...lossScaleOf(options),
  loss: options.loss ?? defaultLoss,
  seed: options.seed,
  ...(options.health && { health: options.health }),
  ...(options.probeEvery !== undefined && { probeEvery: options.probeEvery }),
  ...(options.metrics && { metrics: options.metrics }),
  ...(options.kernelVariants && { kernelVariants: options.kernelVariants }),
});

/** @throws ConfigurationError, before Chrome is started, for a factor that would have no effect or that is not a power of two. */
function lossScaleOf({ activationStorage, lossScale }: RunOptions): Pick<TrainerOptions, 'lossScale'> {
  if (lossScale === undefined) return {};
  if (activationStorage !== 'float16') {
    throw new ConfigurationError({
      what: '--loss-scale has no effect without --activation-storage float16',
      found: `--loss-scale ${lossScale}`,
      fix: 'add --activation-storage float16, or leave --loss-scale out',
    });
  }
  if (lossScale !== 'dynamic' && !Number.isInteger(Math.log2(lossScale))) {
    throw new ConfigurationError({
      what: '--loss-scale has an invalid value',
      found: lossScale,
      expected: 'dynamic, or a power of two from 1 to 2^24',
      fix: `use ${2 ** Math.round(Math.log2(lossScale))}, or leave --loss-scale out for the default`,
    });
  }
  return { lossScale };
}

/** Checks, before Chrome is started, that the data set has the requested number of samples. */
export function checkSamples(
  options: Pick<RunOptions, 'dataset' | 'trainSamples' | 'testSamples'>,
  { train, test }: Counts,
): void {
  for (const [flag, asked, count] of [
    ['--train-samples', options.trainSamples, train.count],
    ['--test-samples', options.testSamples, test.count],
  ] as const) {
    if (asked !== undefined && asked > count) {
      throw new ConfigurationError({
        what: `${flag} asks for more than the data set ${options.dataset} has`,
        found: asked,
        expected: `at most ${count}`,
        fix: `leave ${flag} out to take all of them`,
      });
    }
  }
}
