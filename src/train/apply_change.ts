import type { AugmentationConfig } from '../augment/pipeline.ts';
import { ConfigurationError } from '../errors.ts';
import type { Change, LayerChange } from '../health/health.ts';
import { activationName } from '../model/activations.ts';
import { followersOf } from '../model/followers.ts';
import { compileModel, layerNames, type Model } from '../model/graph.ts';
import { definitionOf, type LayerConfig } from '../model/layers/index.ts';
import { fillOptimizer, type OptimizerConfig } from '../model/optimizer.ts';
import type { LearningRate } from '../model/schedule.ts';

/** The part of an experiment that a change can be about. */
export interface Changeable {
  model: Model;
  optimizer?: OptimizerConfig | undefined;
  augmentation?: AugmentationConfig | null | undefined;
}

/**
 * A new experiment with a change made: what a verdict's remedy says, as data.
 *
 * @param experiment stays as it is.
 */
export function applyChange<E extends Changeable>(experiment: E, change: Change): E {
  const { layers, learningRateTimes, globalClipnorm, rescale } = change;
  const { optimizer = 'adam' } = experiment;
  const config = typeof optimizer === 'string' ? { type: optimizer } : optimizer;
  const { learningRate } = fillOptimizer(optimizer);
  return {
    ...experiment,
    ...(layers && { model: changeLayers(experiment.model, layers) }),
    ...((learningRateTimes !== undefined || globalClipnorm !== undefined) && {
      optimizer: {
        ...config,
        ...(learningRateTimes !== undefined && { learningRate: scaled(learningRate, learningRateTimes) }),
        ...(globalClipnorm !== undefined && { globalClipnorm }),
      } as OptimizerConfig,
    }),
    ...(rescale !== undefined && { augmentation: rescaled(experiment.augmentation, rescale) }),
  };
}

const bytes = 1 / 255;

/** Options that hold a rate, or a list of rates, in schedules. */
const rates = /learningRate$|^warmupTarget$|^values$/i;

/** A learning rate, or every rate of a schedule, times a factor; without the dust of float arithmetic. */
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
 * Pixels are multiplied by ImageDataGenerator's `rescale`, which is 1/255 in a trainer unless it says another factor.
 *
 * @throws ConfigurationError for a list of ops, after which pixels are always divided by 255.
 */
function rescaled(augmentation: AugmentationConfig | null | undefined, factor: number): AugmentationConfig {
  if (Array.isArray(augmentation)) {
    throw new ConfigurationError({
      what: 'What reaches the first layer cannot be rescaled after a list of ops',
      found: `a factor of ${factor}`,
      expected: "ImageDataGenerator's arguments, of which one is rescale",
      fix: 'add a batchNormalization as the first layer',
    });
  }
  const generator = (augmentation ?? {}) as { rescale?: number | null };
  return { ...generator, rescale: Number(((generator.rescale ?? bytes) * factor).toPrecision(12)) };
}

/** Options of layers that hold an initializer of what a kernel is. */
const kernelOptions = ['kernelInitializer', 'depthwiseInitializer', 'pointwiseInitializer'];

function changeLayers(model: Model, changes: Record<string, LayerChange>): Model {
  const compiled = compileModel(model);
  const layers = model.layers.map((layer) => ({ ...layer }) as Record<string, unknown>);
  for (const [name, change] of Object.entries(changes)) {
    const at = compiled.layers.findIndex((layer) => layer.name === name);
    if (at < 0) {
      throw new ConfigurationError({
        what: 'A change is about a layer that the model does not have',
        found: name,
        expected: layerNames(model).join(', '),
      });
    }
    const { kernelInitializer, biasInitializer, activation } = change;
    const own = Object.keys(definitionOf(compiled.layers[at]!.type).schema.entries);
    if (kernelInitializer)
      for (const option of kernelOptions) if (own.includes(option)) layers[at]![option] = kernelInitializer;
    if (biasInitializer && own.includes('biasInitializer')) layers[at]!.biasInitializer = biasInitializer;
    if (!activation) continue;
    // In the layer that has it: itself, or one right after it.
    const run = [at, ...followersOf(compiled, at)];
    const place = run.find((i) => activationName(compiled.layers[i]!.activation) !== 'linear') ?? at;
    layers[place]!.activation = activation;
  }
  return { ...model, layers: layers as unknown as readonly LayerConfig[] };
}
