import type { AugmentationConfig } from '../augment/pipeline.ts';
import { ConfigurationError } from '../errors.ts';
import type { LayerChange } from '../health/health.ts';
import { activationName } from '../model/activations.ts';
import { followersOf } from '../model/followers.ts';
import { compileModel, layerNames, type Model } from '../model/graph.ts';
import type { LayerConfig } from '../model/layers/index.ts';
import { defaultLoss, type LossConfig } from '../model/loss.ts';
import { fillOptimizer, type OptimizerConfig } from '../model/optimizer.ts';
import type { LearningRate } from '../model/schedule.ts';
import { addShortcuts, changeHidden, hasOption, kernelOptions, normalizeHidden } from './change_structure.ts';
import type { ExperimentChange } from './experiment_change.ts';

/** The parts of an experiment that a change can affect. */
export interface Changeable {
  /** The network. */
  model: Model;
  /** The optimizer. */
  optimizer?: OptimizerConfig | undefined;
  /** The augmentation. */
  augmentation?: AugmentationConfig | null | undefined;
  /** The loss. */
  loss?: LossConfig | undefined;
}

/**
 * Applies a change, a verdict's suggestion or a cure, to an experiment and returns a new one.
 *
 * @param experiment is not modified.
 * @throws ConfigurationError for a change that doesn't fit the experiment: a layer that the model doesn't have, shortcuts if no
 * two layers have the same shape, a warm-up for a schedule.
 */
export function applyChange<E extends Changeable>(experiment: E, change: ExperimentChange): E {
  const { labelSmoothing } = change;
  const augmentation = changeImages(experiment.augmentation, change);
  const optimizer = changeOptimizer(experiment.optimizer ?? 'adam', change);
  return {
    ...experiment,
    ...(changesModel(change) && { model: changeModel(experiment.model, change) }),
    ...(optimizer && { optimizer }),
    ...(augmentation && { augmentation }),
    ...(labelSmoothing !== undefined && { loss: smoothed(experiment.loss ?? defaultLoss, labelSmoothing) }),
  };
}

const changesModel = ({ layers, hidden, normalization, shortcuts }: ExperimentChange) =>
  layers !== undefined || hidden !== undefined || normalization !== undefined || shortcuts !== undefined;

function changeModel(model: Model, { layers, hidden, normalization, shortcuts }: ExperimentChange): Model {
  let changed = model;
  if (layers) changed = changeLayers(changed, layers);
  if (hidden) changed = changeHidden(changed, hidden);
  if (normalization) changed = normalizeHidden(changed, normalization);
  if (shortcuts) changed = addShortcuts(changed);
  return changed;
}

/** Returns undefined if nothing changes. */
function changeOptimizer(before: OptimizerConfig, change: ExperimentChange): OptimizerConfig | undefined {
  const { optimizer = before, learningRateTimes, warmupSteps, clipnorm, clipvalue, globalClipnorm } = change;
  const clips = Object.entries({ clipnorm, clipvalue, globalClipnorm }).filter(([, value]) => value !== undefined);
  const isOfRate = learningRateTimes !== undefined || warmupSteps !== undefined;
  if (!isOfRate && clips.length === 0) return change.optimizer;
  const config = typeof optimizer === 'string' ? { type: optimizer } : optimizer;
  let learningRate: LearningRate = fillOptimizer(optimizer).learningRate;
  if (learningRateTimes !== undefined) learningRate = scaled(learningRate, learningRateTimes);
  if (warmupSteps !== undefined) learningRate = warmedUp(learningRate, warmupSteps);
  return { ...config, ...(isOfRate && { learningRate }), ...Object.fromEntries(clips) } as OptimizerConfig;
}

function warmedUp(rate: LearningRate, steps: number): LearningRate {
  if (typeof rate === 'number')
    return { type: 'polynomialDecay', initialLearningRate: 0, endLearningRate: rate, decaySteps: steps };
  throw new ConfigurationError({
    what: 'A schedule cannot be warmed up',
    found: rate.type,
    expected: 'a learning rate that is a number',
  });
}

const smoothed = (loss: LossConfig, labelSmoothing: number): LossConfig =>
  ({ ...(typeof loss === 'string' ? { type: loss } : loss), labelSmoothing }) as LossConfig;

/** Returns undefined if nothing changes. */
function changeImages(
  before: AugmentationConfig | null | undefined,
  { augmentation, standardize, rescale }: ExperimentChange,
): AugmentationConfig | undefined {
  let changed = augmentation;
  if (rescale !== undefined) changed = rescaled(changed ?? before, rescale);
  if (standardize) changed = standardized(changed ?? before);
  return changed;
}

/** @throws ConfigurationError as `rescaled` does. */
function standardized(augmentation: AugmentationConfig | null | undefined): AugmentationConfig {
  if (Array.isArray(augmentation)) throw afterOps('standardized', 'samplewiseStdNormalization');
  return { ...(augmentation ?? {}), samplewiseCenter: true, samplewiseStdNormalization: true } as AugmentationConfig;
}

const afterOps = (done: string, option: string) =>
  new ConfigurationError({
    what: `The input of the first layer cannot be ${done} after a list of ops`,
    found: 'a list of ops',
    expected: `ImageDataGenerator's arguments, of which one is ${option}`,
    fix: 'add a batchNormalization as the first layer',
  });

const bytes = 1 / 255;

/** Names of schedule options that hold a rate or a list of rates. */
const rates = /learningRate$|^warmupTarget$|^values$/i;

/** Multiplies a learning rate, or every rate of a schedule, by a factor, and removes rounding noise. */
function scaled(rate: LearningRate, factor: number): LearningRate {
  const times = (value: number) => Number((value * factor).toPrecision(12));
  if (typeof rate === 'number') return times(rate);
  const entries = Object.entries(rate).map(([name, value]) => {
    if (!rates.test(name)) return [name, value];
    return [name, Array.isArray(value) ? value.map(times) : typeof value === 'number' ? times(value) : value];
  });
  return Object.fromEntries(entries) as LearningRate;
}

/**
 * Multiplies ImageDataGenerator's `rescale`, which defaults to 1/255 in a trainer.
 *
 * @throws ConfigurationError for a list of ops, after which pixels are always divided by 255.
 */
function rescaled(augmentation: AugmentationConfig | null | undefined, factor: number): AugmentationConfig {
  if (Array.isArray(augmentation)) throw afterOps('rescaled', 'rescale');
  const generator = (augmentation ?? {}) as { rescale?: number | null };
  return { ...generator, rescale: Number(((generator.rescale ?? bytes) * factor).toPrecision(12)) };
}

function changeLayers(model: Model, changes: Record<string, LayerChange>): Model {
  const compiled = compileModel(model);
  const layers = model.layers.map((layer) => ({ ...layer }) as Record<string, unknown>);
  for (const [name, change] of Object.entries(changes)) {
    const at = compiled.layers.findIndex((layer) => layer.name === name);
    if (at < 0) {
      throw new ConfigurationError({
        what: 'The change names a layer that the model does not have',
        found: name,
        expected: layerNames(model).join(', '),
      });
    }
    const { kernelInitializer, biasInitializer, activation } = change;
    const has = (option: string) => hasOption(compiled.layers[at]!, option);
    if (kernelInitializer) for (const option of kernelOptions) if (has(option)) layers[at]![option] = kernelInitializer;
    if (biasInitializer && has('biasInitializer')) layers[at]!.biasInitializer = biasInitializer;
    if (!activation) continue;
    // The layer that has the option: the layer itself or one directly after it.
    const run = [at, ...followersOf(compiled, at)];
    const place = run.find((i) => activationName(compiled.layers[i]!.activation) !== 'linear') ?? at;
    layers[place]!.activation = activation;
  }
  return { ...model, layers: layers as unknown as readonly LayerConfig[] };
}
