import * as v from 'valibot';
import type { AugmentationConfig } from '../augment/pipeline.ts';
import { integer, parse } from '../check.ts';
import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError, suggest } from '../errors.ts';
import type { KernelVariants } from '../gpu/variants.ts';
import type { HealthLevel, ProbeRecord, RunVerdict, Verdict } from '../health/health.ts';
import { healthLevels } from '../health/health.ts';
import type { EpochRecord, StepRecord } from '../health/history.ts';
import type { Model } from '../model/graph.ts';
import {
  compileForLoss,
  defaultLoss,
  type FilledLoss,
  fillLoss,
  isOfClasses,
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
import { pipelineInto } from '../plan/input.ts';
import { inputViewOf, type Mix } from '../plan/mix.ts';
import type { Settings } from '../plan/settings.ts';
import { type CheckpointEvery, checkpointEverySchema } from './checkpoint_every.ts';
import { type FilledFitSettings, type FitSettings, fillOtherSettings } from './fit_settings.ts';
import { Pace } from './pace.ts';
import type { PicturePreparation } from './picture.ts';
import { fillPredictionFacts } from './prediction_facts.ts';
import type { Snapshot } from './snapshot.ts';

/** Options of `createTrainer`. */
export interface TrainerOptions {
  /** The network: `sequential(...)`, a preset, or the same as JSON. */
  model: Model;
  /** `'adam'` by default. */
  optimizer?: OptimizerConfig;
  /**
   * The loss that training minimizes, by name or as JSON with its options: `'sparseCategoricalCrossentropy'` by default. The
   * model ends as the loss needs it: in softmax for classes that exclude each other, in sigmoid for `binaryCrossentropy`, in
   * any other activation for numbers. Methods with a batch take class indices with the default, and else [n, outputs] numbers:
   * soft labels, 0 or 1, or any numbers. A data set's classes fit every loss, its targets those of numbers.
   */
  loss?: LossConfig;
  /** Images in a batch, 1 to 65,536; 32 by default. Larger batches take more memory and fewer updates. */
  batchSize?: number;
  /**
   * Number of batches whose gradients a training step accumulates before it updates the weights; 1 by default. The step has
   * up to `batchSize * accumulationSteps` samples and their mean gradient, in the memory of one batch. Batch normalization
   * takes the statistics of each batch by itself.
   */
  accumulationSteps?: number;
  /**
   * The most bytes of GPU memory that the trainer may take: weights, activations and images. A data set that is larger than what
   * is left is streamed: the images of the next steps are uploaded while others are trained on, and the results have the same
   * bits. By default a data set may take up to two of the adapter's largest bindings. The images of at least two steps must fit.
   */
  memoryBudget?: number;
  /** The seed of initial weights, order of samples and augmentation: an integer from 0 to 2^32 - 1. */
  seed?: number;
  /** Keras' ImageDataGenerator arguments in camelCase, or a list of ops; null for none. `rescale` is 1 / 255 unless given. */
  augmentation?: AugmentationConfig | null;
  /** How augmented and unaugmented images are mixed: `'replace'` by default, every image is augmented again each epoch. */
  mix?: Mix;
  /** Augmented copies of each image in an epoch, with `mix: 'merge'`; 1 by default. */
  copies?: number;
  /**
   * The figures that each step measures of its layers in addition to the norms of their gradients: nothing (`'off'`), the figures of
   * `StepRecord.health` (`'norms'`, the default), or also probes every few steps (`'full'`).
   */
  health?: HealthLevel;
  /**
   * Steps from one probe to the next, the first before step 1, at the level `full`; 100 by default. A probe takes the time
   * of about six steps: the gradient of the next batch, of its four parts, and of its unaugmented images.
   */
  probeEvery?: number;
  /** Metrics that `fit` and `evaluate` measure on their data in addition to loss and accuracy. */
  metrics?: readonly MetricConfig[];
  /**
   * Metrics that count each sample as much as it weighs, by the data set's `sampleWeights` or `evaluate`'s `sampleWeight`: Keras'
   * weighted_metrics. They are named `weightedAccuracy` and so on.
   */
  weightedMetrics?: readonly MetricConfig[];
  /** The names of the classes, in the order of the model's outputs, for `predict` with `top`; by default those of the data set that is trained on. */
  classNames?: readonly string[];
  /**
   * How `predict` prepares a picture: it scales it to an image of `imageShape` [height, width,
   * channels] and crops it (`fit: 'cover'`), pads it with white (`'contain'`) or stretches it (`'fill'`). By default as the
   * pictures of the data set that is trained on, and before that as the model's `inputShape` says.
   */
  pictures?: Partial<PicturePreparation>;
  /**
   * The variants that kernels run in where it is not the adapter's default, by kernel and shape: what `tune` returns as `variants`. `{}` for
   * the defaults. By default the trainer tunes itself as `openGpu`'s `tuning` says, and `options.kernelVariants` has the result once a
   * method has resolved. A choice is part of the run: with the same variants it has the same bits.
   */
  kernelVariants?: KernelVariants;
}

/** The length of the run. */
export interface Progress {
  /** Steps of one epoch. */
  epochSteps: number;
  /** Epochs in all. */
  epochs: number;
}

export interface FitOptions extends FitSettings {
  /** The last one; the first is 1, or follows `initialEpoch`. */
  epochs?: number;
  /** Epochs that were trained before a restored snapshot: Keras' `initial_epoch`. Records continue its count. */
  initialEpoch?: number;
  /**
   * For a snapshot from the middle of an epoch, the records of that epoch's steps so far. They are not trained again; the first
   * epoch is the rest of that epoch, and its record covers these steps too, except for its time. Where the snapshot has no
   * `health`, units that were active in them count as dead until they are active again.
   */
  initialSteps?: readonly StepRecord[];
  /** The last verdicts of the run so far: only changes are reported. */
  initialVerdicts?: readonly Verdict[];
  /** Data that is evaluated after each epoch; none by default. */
  validationData?: Dataset;
  /** Metrics on the validation data in addition to loss and accuracy; the trainer's `metrics` by default. */
  metrics?: readonly MetricConfig[];
  /** How much the loss of each sample counts, [count], finite and >= 0: Keras' sample_weight, times the weight of its class; the data set's `sampleWeights` by default. */
  sampleWeight?: Float32Array;
  /** A new order of the samples each epoch; on by default. */
  shuffle?: boolean;
  /** Whether `History.steps` have their `health`; on by default. `onStep` gets it either way, and a long run stays small. */
  keepHealth?: boolean;
  /** Aborting it makes `fit` resolve with what was done so far. */
  signal?: AbortSignal;
  /** Pauses, single-steps and resumes the run from outside. */
  pace?: Pace;
  /** Called after each step, in order, up to two submissions later than the GPU's work. */
  onStep?: (record: StepRecord, progress: Progress) => void;
  /** Called after each epoch and its validation. */
  onEpoch?: (record: EpochRecord) => void;
  /** Called with a layer's first verdict and every change, after the step that decided it. */
  onVerdict?: (verdict: Verdict) => void;
  /** Called with the verdict on the run when it changes, and at its end: see `History.runVerdicts`. */
  onRunVerdict?: (verdict: RunVerdict) => void;
  /** Before the first step: what `History.warnings` will have. */
  onWarning?: (warning: string) => void;
  /** Called when `pace` is paused: all allowed steps are done, and their records have been reported. */
  onPause?: () => void;
  /** Called at the level `full`, before the step that the probe is about. */
  onProbe?: (probe: ProbeRecord) => void;
  /**
   * Called with the state of the run every `checkpointEvery`, with nothing under way; training waits for it, and for the promise
   * that it returns. A trainer that restores it continues to the same bits: `initialEpoch` is then the number of epochs that are
   * complete, and `initialSteps` the records of the steps after them. A state is 4 bytes for each weight and each of the
   * optimizer's slots, read back from the GPU.
   */
  onCheckpoint?: (snapshot: Snapshot) => void | Promise<void>;
  /** `{ epochs: 1 }` by default; `{ steps: n }` counts over the whole run; `{ seconds: n }` is after the step in which they are over. */
  checkpointEvery?: CheckpointEvery;
  /**
   * `'throw'`, the default, rejects with a DeviceLostError. `'reopen'` opens a new device with the options of the first, makes
   * all buffers and pipelines again and continues from the last state, to the same bits; `trainer.gpu` is then another one. The
   * state is taken before the first step and every `checkpointEvery`, and kept in memory: 4 bytes for each weight and each of
   * the optimizer's slots, in the time that reading them back takes. Records are reported once; the noise scale of
   * probes, a mean over them, starts again. A change by `setLearningRate` since the last state is lost with the device, and
   * calls of `meanwhile` that wait for their turn reject. After three losses
   * in a row without a new step, on another adapter, or after `gpu.dispose()`, it rejects.
   */
  onDeviceLost?: 'throw' | 'reopen';
}

const optionNames = [
  'model',
  'optimizer',
  'loss',
  'batchSize',
  'accumulationSteps',
  'seed',
  'augmentation',
  'mix',
  'copies',
  'health',
  'probeEvery',
  'metrics',
  'weightedMetrics',
  'classNames',
  'pictures',
  'memoryBudget',
  'kernelVariants',
];

const isObject = (value: unknown) => typeof value === 'object' && value !== null;
const callback = <F>() => v.optional(v.custom<F>((value) => typeof value === 'function', 'a function'));
const fitOptions = v.strictObject({
  epochs: v.optional(integer(1), 1),
  initialEpoch: v.optional(integer(0), 0),
  initialSteps: v.optional(v.custom<readonly StepRecord[]>(Array.isArray, 'a list of steps'), () => []),
  initialVerdicts: v.optional(v.custom<readonly Verdict[]>(Array.isArray, 'a list of verdicts'), () => []),
  validationData: v.optional(v.custom<Dataset>(isObject, 'a data set')),
  sampleWeight: v.optional(v.custom<Float32Array>((value) => value instanceof Float32Array, 'a Float32Array')),
  shuffle: v.optional(v.boolean(), true),
  keepHealth: v.optional(v.boolean(), true),
  signal: v.optional(
    v.custom<AbortSignal>((value) => isObject(value) && 'aborted' in (value as object), 'an AbortSignal'),
  ),
  pace: v.optional(v.instance(Pace, 'what createPace gives')),
  onStep: callback<NonNullable<FitOptions['onStep']>>(),
  onEpoch: callback<NonNullable<FitOptions['onEpoch']>>(),
  onVerdict: callback<NonNullable<FitOptions['onVerdict']>>(),
  onRunVerdict: callback<NonNullable<FitOptions['onRunVerdict']>>(),
  onWarning: callback<NonNullable<FitOptions['onWarning']>>(),
  onPause: callback<NonNullable<FitOptions['onPause']>>(),
  onProbe: callback<NonNullable<FitOptions['onProbe']>>(),
  onCheckpoint: callback<NonNullable<FitOptions['onCheckpoint']>>(),
  checkpointEvery: v.optional(checkpointEverySchema, { epochs: 1 }),
  // These have checks of their own, with more helpful errors.
  metrics: v.optional(v.custom<readonly MetricConfig[]>(() => true)),
  earlyStopping: v.optional(v.custom<NonNullable<FitSettings['earlyStopping']>>(() => true)),
  reduceLrOnPlateau: v.optional(v.custom<NonNullable<FitSettings['reduceLrOnPlateau']>>(() => true)),
  terminateOnNaN: v.optional(v.custom<boolean>(() => true)),
  validationSplit: v.optional(v.custom<number>(() => true)),
  validationFreq: v.optional(v.custom<number | readonly number[]>(() => true)),
  classWeight: v.optional(v.custom<NonNullable<FitSettings['classWeight']>>(() => true)),
  onDeviceLost: v.optional(v.picklist(['throw', 'reopen']), 'throw'),
});
export type FilledFitOptions = Omit<v.InferOutput<typeof fitOptions>, 'metrics' | keyof FitSettings> &
  FilledFitSettings & { metrics?: readonly FilledMetric[] };

/** @throws ConfigurationError */
export async function fillFitOptions(options: FitOptions): Promise<FilledFitOptions> {
  const {
    metrics,
    earlyStopping,
    reduceLrOnPlateau,
    terminateOnNaN,
    validationSplit,
    validationFreq,
    classWeight,
    ...others
  } = parse(fitOptions, options, 'fit');
  const settings = fillOtherSettings({ terminateOnNaN, validationSplit, validationFreq });
  const given = earlyStopping !== undefined || reduceLrOnPlateau !== undefined;
  return {
    ...others,
    ...settings,
    // Loaded on demand.
    callbacks: given ? (await import('./callbacks/index.ts')).fillCallbacks({ earlyStopping, reduceLrOnPlateau }) : {},
    ...(classWeight !== undefined && {
      classWeight: (await import('./sample_weights.ts')).requireClassWeight(classWeight),
    }),
    ...(metrics && { metrics: fillMetrics(metrics) }),
  };
}

/**
 * All options but the augmentation, whose code need not be there yet: `withAugmentation` follows.
 *
 * @throws ConfigurationError for a model, optimizer or option that is invalid.
 */
export function fillOptions(options: TrainerOptions): Settings {
  if (!isObject(options)) {
    throw new ConfigurationError({
      what: 'createTrainer needs options',
      found: options,
      expected: '{ model, optimizer, ... }',
    });
  }
  for (const name of Object.keys(options)) {
    if (!optionNames.includes(name)) {
      throw new ConfigurationError({
        what: `createTrainer has no option ${name}`,
        found: name,
        expected: optionNames.join(', '),
        fix: suggest(name, optionNames),
      });
    }
  }
  const loss = fillLoss(options.loss ?? defaultLoss);
  const health = oneOf('No such level of health', options.health ?? 'norms', healthLevels);
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
      what: 'probeEvery belongs to the level full',
      found: { health, probeEvery: options.probeEvery },
      fix: "set health: 'full', or leave probeEvery out",
    });
  }
  const metrics = fillMetrics(options.metrics, options.weightedMetrics);
  requireMetricsOfClasses(metrics, loss);
  requireMetricsFit(metrics, outputs);
  const probeEvery = parse(integer(1), options.probeEvery ?? 100, 'probeEvery');
  const inputView = inputViewOf(augmentation, options.mix, options.copies);
  fillPredictionFacts(options, { model, outputs });
  const soft = isOfClasses(loss) && takesTargets(loss);
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
    ...(options.kernelVariants && { kernelVariants: requireKernelVariants(options.kernelVariants) }),
  };
}

const kernelVariantsSchema = v.record(v.string(), v.record(v.string(), v.union([v.number(), v.boolean(), v.string()])));

/** @throws ConfigurationError for what are not variants of kernels; whether the adapter can run them is known when it is there. */
const requireKernelVariants = (variants: unknown): KernelVariants =>
  parse(kernelVariantsSchema, variants, 'kernelVariants');

/**
 * Settings with what follows from their augmentation. The shape of a data set is known later.
 *
 * @param parsed parses it; by default with the code that has been loaded.
 * @throws ConfigurationError for an augmentation that is invalid.
 */
export function withAugmentation(settings: Settings, parsed = pipelineInto): Settings {
  const { inputView, model, loss, soft } = settings;
  const { paired } = parsed(inputView.augmentation, model.inputShape);
  return { ...settings, soft: soft || (paired && isOfClasses(loss)) };
}

/** @throws ConfigurationError for metrics of classes where the loss has none. */
export function requireMetricsOfClasses(metrics: readonly FilledMetric[], loss: FilledLoss): void {
  const [metric] = countedMetrics(metrics);
  if (isOfClasses(loss) || (!metric && (metrics.length === 0 || metricOf(loss) === 'accuracy'))) return;
  throw new ConfigurationError({
    what: `The metric ${(metric ?? metrics[0]!).name} is of classes, which ${loss.type} has not`,
    found: { loss: loss.type, metrics: metrics.map(({ name }) => name) },
    expected:
      metricOf(loss) === 'accuracy' ? "no metrics, or 'accuracy'" : 'no metrics: meanAbsoluteError is always there',
    fix: 'leave metrics out, or take a loss of classes',
  });
}

/** @throws ConfigurationError with the nearest of them. */
function oneOf<T extends string>(what: string, value: T, known: readonly T[]): T {
  if (known.includes(value)) return value;
  throw new ConfigurationError({
    what,
    found: value,
    expected: known.join(' or '),
    ...(typeof value === 'string' && { fix: suggest(value, known) }),
  });
}
