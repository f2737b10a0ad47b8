import * as v from 'valibot';
import type { AugmentationConfig } from '../augment/pipeline.ts';
import { integer, isObject, parse, unknownOption } from '../check.ts';
import { ConfigurationError, suggest } from '../errors.ts';
import type { KernelVariants } from '../gpu/variants.ts';
import { type HealthLevel, healthLevels } from '../health/health.ts';
import type { Model } from '../model/graph.ts';
import {
  compileForLoss,
  defaultLoss,
  type FilledLoss,
  fillLoss,
  isCategorical,
  type LossConfig,
  metricOf,
  takesTargets,
} from '../model/loss.ts';
import {
  countedMetrics,
  type FilledMetric,
  fillMetrics,
  type MetricConfig,
  requireMetricsFit,
} from '../model/metrics/index.ts';
import { fillOptimizer, type OptimizerConfig } from '../model/optimizer.ts';
import { inputViewOf, type Mix } from '../plan/mix.ts';
import { pipelineInto } from '../plan/pipeline_for.ts';
import type { Settings } from '../plan/settings.ts';
import type { PicturePreparation } from './picture.ts';
import { fillPredictionFacts } from './prediction_facts.ts';

/** Options of `createTrainer`. */
export interface TrainerOptions {
  /** The network: `sequential(...)`, a preset, or the same as JSON. */
  model: Model;
  /** The optimizer; `'adam'` by default. */
  optimizer?: OptimizerConfig;
  /**
   * The loss to minimize, by name or as JSON with its options; `'sparseCategoricalCrossentropy'` by default. The model must end
   * as the loss requires: in softmax for mutually exclusive classes, in sigmoid for `binaryCrossentropy`, in any other
   * activation for regression. Methods that take a batch expect class indices for the default loss, otherwise [n, outputs]
   * numbers: soft labels, 0 or 1, or arbitrary numbers. A data set's classes fit every loss; its targets fit those for numbers.
   */
  loss?: LossConfig;
  /** Images per batch, 1 to 65,536; 32 by default. Larger batches take more memory and fewer updates. */
  batchSize?: number;
  /**
   * Number of batches whose gradients are accumulated before the weights are updated; 1 by default. A step then has up to
   * `batchSize * accumulationSteps` samples and their mean gradient, in the memory of one batch. Batch normalization uses the
   * statistics of each batch separately.
   */
  accumulationSteps?: number;
  /**
   * Maximum GPU memory of the trainer in bytes: weights, activations and images. A data set that exceeds the rest is streamed:
   * the images of the next steps are uploaded during training, with bit-identical results. By default a data set may use up
   * to two of the adapter's largest bindings. The images of at least two steps must fit.
   */
  memoryBudget?: number;
  /** Seed of the initial weights, the order of samples and the augmentation: an integer from 0 to 2^32 - 1. */
  seed?: number;
  /** Keras' ImageDataGenerator arguments in camelCase, or a list of ops; null for none. `rescale` is 1 / 255 by default. */
  augmentation?: AugmentationConfig | null;
  /** How augmented and unaugmented images are mixed. `'replace'`, the default, augments every image differently in each epoch. */
  mix?: Mix;
  /** Number of augmented copies of each image per epoch, with `mix: 'merge'`; 1 by default. */
  copies?: number;
  /**
   * Layer statistics that each step measures besides gradient norms: nothing (`'off'`), the fields of `StepRecord.health`
   * (`'norms'`, the default), or also periodic probes (`'full'`).
   */
  health?: HealthLevel;
  /**
   * Steps between probes with health `full`, the first before step 1; 100 by default. A probe takes as long as about six steps:
   * it computes the gradient of the next batch, of its four parts, and of its unaugmented images.
   */
  probeEvery?: number;
  /** Metrics that `fit` and `evaluate` compute besides loss and accuracy. */
  metrics?: readonly MetricConfig[];
  /**
   * Metrics in which samples count with their weights, from the data set's `sampleWeights` or `evaluate`'s `sampleWeight`: Keras'
   * weighted_metrics. They are named `weightedAccuracy` and so on.
   */
  weightedMetrics?: readonly MetricConfig[];
  /** Class names in the order of the model's outputs, for `predict` with `top`; by default those of the training data set. */
  classNames?: readonly string[];
  /**
   * How `predict` preprocesses a picture: it is scaled to `imageShape` [height, width, channels] and cropped (`fit: 'cover'`), padded with
   * white (`'contain'`) or stretched (`'fill'`). The default follows the training data set or, before training, the model's `inputShape`.
   */
  pictures?: Partial<PicturePreparation>;
  /**
   * How the outputs of layers and their gradients are stored: `'float32'`, the default, or `'float16'`, which takes half the memory for
   * them. All arithmetic, the weights and their gradients stay in float32. With float16, results are less exact, and bits differ.
   */
  activationStorage?: 'float32' | 'float16';
  /**
   * With `activationStorage: 'float16'`, the factor by which gradients between layers are multiplied so that they don't underflow: a power
   * of two from 1 to 2^24, by default the first that is at least 64 times the batch size. `'dynamic'` adapts it during training as Keras'
   * LossScaleOptimizer does: it begins at 2^15, is halved whenever the gradients of a step exceed float16, which skips the step, and is
   * doubled after 2,000 steps without that. No reported or applied gradient contains it.
   */
  lossScale?: number | 'dynamic';
  /**
   * Kernel variants that replace the adapter's defaults, by kernel and shape: the `variants` returned by `tune`. `{}` uses the
   * defaults. If omitted, the trainer tunes itself according to `openGpu`'s `tuning`, and `options.kernelVariants` has the
   * result once a method has resolved. The same variants give bit-identical results.
   */
  kernelVariants?: KernelVariants;
}

const optionNames =
  'model optimizer loss batchSize accumulationSteps seed augmentation mix copies health probeEvery metrics weightedMetrics classNames pictures memoryBudget activationStorage lossScale kernelVariants'.split(
    ' ',
  );

/**
 * All options but the augmentation and the storage of activations, whose code may not be loaded yet; `withAugmentation` and `loadKernels`
 * follow.
 *
 * @throws ConfigurationError for an invalid model, optimizer or option.
 */
export function fillOptions(options: TrainerOptions): Settings {
  if (!isObject(options)) {
    throw new ConfigurationError({
      what: 'createTrainer needs options',
      found: options,
      expected: '{ model, optimizer, ... }',
    });
  }
  const unknown = Object.keys(options).find((name) => !optionNames.includes(name));
  if (unknown !== undefined) throw unknownOption('createTrainer', unknown, optionNames);
  const loss = fillLoss(options.loss ?? defaultLoss);
  const health = oneOf('Unknown health level', options.health ?? 'norms', healthLevels);
  const { model, outputs } = compileForLoss(options.model, loss);
  const optimizer = fillOptimizer(options.optimizer ?? 'adam');
  const batchSize = parse(integer(1, 65536), options.batchSize ?? 32, 'batchSize');
  const accumulationSteps = parse(integer(1, 65536), options.accumulationSteps ?? 1, 'accumulationSteps');
  const memoryBudget =
    options.memoryBudget === undefined ? undefined : parse(integer(1), options.memoryBudget, 'memoryBudget');
  const seed = parse(integer(0, 2 ** 32 - 1), options.seed ?? 0, 'seed');
  const augmentation = options.augmentation ?? {};
  if (options.probeEvery !== undefined && health !== 'full') {
    throw new ConfigurationError({
      what: "probeEvery requires health: 'full'",
      found: { health, probeEvery: options.probeEvery },
      fix: "set health: 'full', or leave probeEvery out",
    });
  }
  const metrics = fillMetrics(options.metrics, options.weightedMetrics);
  requireMetricsFitLoss(metrics, loss);
  requireMetricsFit(metrics, outputs);
  const probeEvery = parse(integer(1), options.probeEvery ?? 100, 'probeEvery');
  const inputView = inputViewOf(augmentation, options.mix, options.copies);
  fillPredictionFacts(options, { model, outputs });
  const soft = isCategorical(loss) && takesTargets(loss);
  return {
    model,
    outputs,
    loss,
    optimizer,
    batchSize,
    accumulationSteps,
    ...(memoryBudget !== undefined && { memoryBudget }),
    seed,
    inputView,
    soft,
    health,
    probeEvery,
    metrics,
    activationStorage: options.activationStorage,
    lossScale: options.lossScale,
    ...(options.kernelVariants !== undefined && {
      kernelVariants: parse(kernelVariantsSchema, options.kernelVariants, 'kernelVariants'),
    }),
  };
}

/** Whether the variants exist, and whether the adapter can run them, is checked later. */
const kernelVariantsSchema = v.custom<KernelVariants>(
  (variants) => isObject(variants) && Object.values(variants).every(isObject),
  "variants, as in { 'dense_forward {...}': { quads: 4 } }",
);

/**
 * Adds the settings that follow from the augmentation. The shape of the data set is not known yet.
 *
 * @param parsed parses the augmentation; by default with the code that has been loaded.
 * @throws ConfigurationError for an invalid augmentation.
 */
export function withAugmentation(settings: Settings, parsed = pipelineInto): Settings {
  const { inputView, model, loss, soft } = settings;
  const { paired } = parsed(inputView.augmentation, model.inputShape);
  return { ...settings, soft: soft || (paired && isCategorical(loss)) };
}

/** @throws ConfigurationError for classification metrics with a regression loss. */
export function requireMetricsFitLoss(metrics: readonly FilledMetric[], loss: FilledLoss): void {
  const [metric] = countedMetrics(metrics);
  if (isCategorical(loss) || (!metric && (metrics.length === 0 || metricOf(loss) === 'accuracy'))) return;
  throw new ConfigurationError({
    what: `The metric ${(metric ?? metrics[0]!).name} requires classes, which ${loss.type} does not have`,
    found: { loss: loss.type, metrics: metrics.map(({ name }) => name) },
    expected:
      metricOf(loss) === 'accuracy' ? "no metrics, or 'accuracy'" : 'no metrics: meanAbsoluteError is always computed',
    fix: 'leave metrics out, or use a loss for classes',
  });
}

/** @throws ConfigurationError that suggests the nearest of the known values. */
function oneOf<T extends string>(what: string, value: T, known: readonly T[]): T {
  if (known.includes(value)) return value;
  throw new ConfigurationError({
    what,
    found: value,
    expected: known.join(' or '),
    ...(typeof value === 'string' && { fix: suggest(value, known) }),
  });
}
