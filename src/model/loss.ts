import { parse } from '../check.ts';
import { ConfigurationError, suggest } from '../errors.ts';
import type { ActivationName } from './activations.ts';
import { type CompiledModel, compileModel, type Model } from './graph.ts';
import { activationOption } from './layer.ts';
import type { LossEnding, LossMetric } from './loss_definition.ts';
import { type FilledLoss, type LossConfig, type LossType, lossDefinition, lossTypes } from './losses/index.ts';

export type { FilledLoss, LossConfig, LossType } from './losses/index.ts';

/** The default loss. */
export const defaultLoss: LossType = 'sparseCategoricalCrossentropy';

/** Fills in the defaults. @throws ConfigurationError for an unknown loss or option, or a value out of range. */
export function fillLoss(config: LossConfig): FilledLoss {
  const json = typeof config === 'string' ? { type: config } : config;
  const type: unknown = json?.type;
  if (typeof type !== 'string' || !lossTypes.includes(type as LossType)) {
    throw new ConfigurationError({
      what: 'Unknown loss',
      found: type ?? config,
      expected: lossTypes.join(' or '),
      ...(typeof type === 'string' && { fix: suggest(type, lossTypes) }),
    });
  }
  return parse(lossDefinition(type as LossType).schema, json, type) as FilledLoss;
}

/** For each ending of a model: what the loss needs, in words, and a layer that provides it. */
const endings: Record<LossEnding, { needs: string; expected: string; layer: string }> = {
  softmax: {
    needs: 'a model that ends in probabilities',
    expected: 'a dense layer with softmax and one unit per class',
    layer: '{ "type": "dense", "units": <classes>, "activation": "softmax" }',
  },
  sigmoid: {
    needs: 'a model that ends in a probability for each label',
    expected: 'a dense layer with sigmoid and one unit per label',
    layer: '{ "type": "dense", "units": <labels>, "activation": "sigmoid" }',
  },
  numbers: {
    needs: 'a model that ends in numbers',
    expected: 'a dense layer without softmax, with one unit per number',
    layer: '{ "type": "dense", "units": <numbers> }',
  },
};

/** The activation of the last layer that fits each kind of loss. */
export const endingActivation: Record<LossEnding, ActivationName> = {
  softmax: 'softmax',
  sigmoid: 'sigmoid',
  numbers: 'linear',
};

/** The default loss for a model that ends in the given activation. */
export const lossFor = (activation: ActivationName): LossType =>
  activation === 'softmax'
    ? 'sparseCategoricalCrossentropy'
    : activation === 'sigmoid'
      ? 'binaryCrossentropy'
      : 'meanSquaredError';

/**
 * Compiles a model for a loss, which computes the final softmax or sigmoid.
 *
 * @returns the model, and the number of outputs of its last layer.
 * @throws ConfigurationError as `compileModel` does, and if the last layer doesn't end as the loss requires.
 */
export function compileForLoss(model: Model, loss: FilledLoss): { model: CompiledModel; outputs: number } {
  const { ending } = lossDefinition(loss.type);
  const compiled = compileModel(model, ending);
  return { model: compiled, outputs: requireEnding(compiled, loss.type) };
}

/** @returns the number of outputs of the last layer. @throws ConfigurationError if it doesn't end as the loss requires. */
export function requireEnding(model: CompiledModel, type: LossType): number {
  const { ending } = lossDefinition(type);
  const last = model.layers[model.output]!;
  const activation = activationOption(last.config);
  const fits = ending === 'numbers' ? activation !== 'softmax' : activation === ending;
  if (fits && last.outputShape.length === 1) return last.outputShape[0]!;
  const { needs, expected, layer } = endings[ending];
  const ends = `end the model with ${layer}`;
  throw new ConfigurationError({
    what: `${type} needs ${needs}`,
    found: `${last.type}${activation ? ` with ${activation}` : ''} as the last layer`,
    expected,
    fix: fits || last.outputShape.length !== 1 ? ends : `${ends}, or use the loss ${lossFor(activation ?? 'linear')}`,
  });
}

/**
 * True for losses that compare class probabilities with one class, or with soft labels. Other losses compare each output with a
 * number.
 */
export const isCategorical = ({ type }: FilledLoss): boolean => lossDefinition(type).ending === 'softmax';

/** True if batches for this loss come with [n, outputs] numbers instead of labels. */
export const takesTargets = ({ type }: FilledLoss): boolean => lossDefinition(type).labels !== 'classes';

/** The metric that is measured along with the loss. */
export const metricOf = ({ type }: FilledLoss): LossMetric => lossDefinition(type).metric;

/** True for cross-entropy of classes without options. */
export const isCrossEntropy = (loss: FilledLoss): boolean =>
  isCategorical(loss) && !('gamma' in loss) && 'labelSmoothing' in loss && loss.labelSmoothing === 0;

/** A model that ends in softmax, with the last activation replaced by the one that the loss requires. */
export function endingFor(model: Model, { type }: { type: LossType }): Model {
  const last = model.layers.at(-1)!;
  const activation = endingActivation[lossDefinition(type).ending];
  if (activationOption(last) !== 'softmax' || activation === 'softmax') return model;
  return { ...model, layers: [...model.layers.slice(0, -1), { ...last, activation } as typeof last] };
}
