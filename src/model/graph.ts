import { ConfigurationError, suggest } from '../errors.ts';
import { product } from '../product.ts';
import type { ActivationSpec } from './activations.ts';
import { fillLayer } from './fill_layer.ts';
import { activationOption, type WeightSpec } from './layer.ts';
import {
  type DetailsOf,
  definitionOf,
  type FilledLayer,
  type FilledLayerOf,
  type LayerConfig,
  type LayerType,
} from './layers/index.ts';
import type { LossEnding } from './loss_definition.ts';
import { type MeasuredLayer, measuredLayersOf } from './measured_layers.ts';
import { checkShapeOf } from './weight_options.ts';
import { checkNames, images, inputsOf, orderOf, outputOf } from './wiring.ts';

/** A model as plain JSON, as read by `--model`. */
export interface Model {
  /** [height, width, channels]. */
  inputShape: readonly [number, number, number];
  /** The layers. Each takes the previous layer as input, or the layers listed in its `inputs`. The weights have the order of the layers. */
  layers: readonly LayerConfig[];
}

/** A layer of a graph, with its shapes. */
export interface CompiledNode<T extends LayerType> {
  type: T;
  config: FilledLayerOf<T>;
  details: DetailsOf<T>;
  /** The layer's `name`, or Keras' default name: conv2d, conv2d_1, max_pooling2d, flatten, dense ... */
  name: string;
  /** For each input, the index of the layer it comes from; `images` for the images. */
  inputs: number[];
  /** Shapes of the inputs without the batch dimension: [height, width, channels] or [units]. `inputShape` is the first of them. */
  inputShapes: number[][];
  inputShape: number[];
  outputShape: number[];
  /** The activation that the layer itself applies. A final softmax or sigmoid that is part of the loss is `linear` here. */
  activation: ActivationSpec;
  /** In the order of Keras' get_weights(): trainable tensors first. Empty for layers without weights. */
  weights: WeightSpec[];
  parameters: number;
}

/** A layer of a compiled model, with its options filled in, its shapes and its tensors. */
export type CompiledLayer = { [T in LayerType]: CompiledNode<T> }[LayerType];

/** The position of a tensor in the model. */
export interface ModelTensor {
  /** Index in `layers`. */
  layer: number;
  /** Name, shape, initializer, and whether it is trainable. */
  spec: WeightSpec;
  /** Index among the trainable tensors, or among those that are not trainable. */
  index: number;
}

/** A validated model with all shapes: a graph, as data. */
export interface CompiledModel {
  /** Height, width and channels of the images. */
  inputShape: [number, number, number];
  /** In the order of the model's list. */
  layers: CompiledLayer[];
  /** Indices in `layers` in execution order: each layer follows its inputs. The list's own order if that is possible. */
  order: number[];
  /** For each layer, the layers that use it as an input, once per use. */
  consumers: number[][];
  /** Index in `layers` of the layer whose output is the model's. */
  output: number;
  /** True if some layer computes differently in training and inference: batch statistics, dropout. */
  inferenceDiffers: boolean;
  /** The activation that the loss applies to the last layer's values; the result is the model's output. */
  lossActivation: 'softmax' | 'sigmoid' | 'linear';
  /** All tensors, in the order of Keras' get_weights(). */
  tensors: ModelTensor[];
  /** The layers that are measured in each step: those with trainable tensors. */
  measured: MeasuredLayer[];
  /** Number of weights, trainable or not. */
  parameters: number;
}

/**
 * Validates a model and returns the same JSON.
 *
 * @throws ConfigurationError that names the layer, its shapes and the fix.
 */
export function sequential(model: Model): Model {
  compileModel(model);
  return model;
}

/** Returns a function that names layers in order: by their `name` option or, like Keras, by type and count. */
function namer(): (layer: { type: LayerType; name?: string | undefined }) => string {
  const counts = new Map<string, number>();
  return ({ type, name }) => {
    const known = definitionOf(type)?.kerasName ?? type;
    const count = counts.get(known) ?? 0;
    counts.set(known, count + 1);
    return name ?? (count ? `${known}_${count}` : known);
  };
}

/** The names by which errors refer to the layers of a model, in order; also for a model that is invalid. */
export const layerNames = ({ layers }: Model): string[] => layers.map(namer());

/**
 * Compiles a model: names, graph, shapes and weights.
 *
 * @param ending the activation that the loss expects of the last layer. A final sigmoid is part of the loss only if the loss
 * computes it.
 * @throws ConfigurationError as `sequential` does.
 */
export function compileModel(model: Model, ending?: LossEnding): CompiledModel {
  const { inputShape, layers } = checkOutline(model);
  const nameOf = namer();
  const configs = layers.map((layer, index) => within(index, () => fillLayer(layer, index + 1)));
  const names = configs.map(nameOf);
  checkNames(names);
  const inputs = configs.map((config, index) => within(index, () => inputsOf(config, index, names)));
  const order = orderOf(inputs, names);
  const consumers = names.map((_, index) =>
    inputs.flatMap((own, consumer) => own.filter((input) => input === index).map(() => consumer)),
  );
  const output = outputOf(consumers, names);
  const last = activationOption(configs[output]!);
  const lossActivation = last === 'softmax' || (last === 'sigmoid' && ending === 'sigmoid') ? last : 'linear';
  const compiled: CompiledLayer[] = [];
  for (const index of order) {
    const shapes = inputs[index]!.map((i) => (i === images ? inputShape : compiled[i]!.outputShape));
    compiled[index] = within(index, () =>
      compileLayer(configs[index]!, names[index]!, index, inputs[index]!, shapes, output, layers.length),
    );
    if (index === output && lossActivation !== 'linear') compiled[index]!.activation = 'linear';
  }
  const tensors = numberTensors(compiled);
  return {
    inputShape,
    layers: compiled,
    order,
    consumers,
    output,
    inferenceDiffers: compiled.some(({ type }) => definitionOf(type).inferenceDiffers),
    lossActivation,
    tensors,
    measured: measuredLayersOf({ layers: compiled, consumers, order, tensors }),
    parameters: compiled.reduce((sum, layer) => sum + layer.parameters, 0),
  };
}

/** Adds the layer's index in the model's list to the path of an error. */
function within<T>(index: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new ConfigurationError({ ...error.parts, place: [index, ...(error.parts.place ?? [])] }, { cause: error });
  }
}

function checkOutline(model: Model): { inputShape: [number, number, number]; layers: readonly unknown[] } {
  const known = ['inputShape', 'layers'];
  if (typeof model !== 'object' || model === null || Array.isArray(model)) {
    throw new ConfigurationError({
      what: 'The model is not an object',
      found: model,
      expected: '{ "inputShape": [28, 28, 1], "layers": [...] }',
    });
  }
  for (const key of Object.keys(model)) {
    if (!known.includes(key)) {
      throw new ConfigurationError({
        what: `A model has no option ${key}`,
        found: key,
        expected: known.join(', '),
        fix: suggest(key, known),
      });
    }
  }
  const { inputShape, layers } = model;
  if (!Array.isArray(inputShape) || inputShape.length !== 3 || !inputShape.every((n) => Number.isInteger(n) && n > 0)) {
    throw new ConfigurationError({
      what: "The model's inputShape is invalid",
      found: inputShape,
      expected: 'three positive integers: [height, width, channels]',
    });
  }
  if (!Array.isArray(layers) || layers.length === 0) {
    throw new ConfigurationError({
      what: 'The model has no layers',
      found: layers,
      expected: 'at least a dense layer with softmax',
    });
  }
  return { inputShape: [...inputShape] as [number, number, number], layers };
}

function compileLayer(
  config: FilledLayer,
  name: string,
  index: number,
  inputs: number[],
  inputShapes: readonly (readonly number[])[],
  output: number,
  count: number,
): CompiledLayer {
  const subject = `Layer ${index + 1} (${name})`;
  if (activationOption(config) === 'softmax' && index !== output) {
    throw new ConfigurationError({
      what: `${subject} has softmax in the middle of the model`,
      found: `softmax in layer ${index + 1} of ${count}`,
      expected: 'softmax in the last layer only',
      fix: 'use relu, tanh, sigmoid or linear here',
    });
  }
  const parts = definitionOf(config.type).compile(config, inputShapes, subject);
  for (const { name, initializer, shape } of parts.weights ?? []) {
    checkShapeOf(initializer, shape, `${subject}: ${name}Initializer`);
  }
  const { outputShape, weights = [], activation = 'linear', details } = parts;
  return {
    type: config.type,
    config,
    details,
    name,
    inputs,
    inputShapes: inputShapes.map((shape) => [...shape]),
    inputShape: [...inputShapes[0]!],
    outputShape,
    activation: activation === 'softmax' ? 'linear' : activation,
    weights,
    parameters: weights.reduce((sum, { shape }) => sum + product(shape), 0),
  } as CompiledLayer;
}

function numberTensors(layers: readonly CompiledLayer[]): ModelTensor[] {
  const next = { trained: 0, other: 0 };
  return layers.flatMap(({ weights }, layer) =>
    weights.map((spec) => ({ layer, spec, index: spec.trainable ? next.trained++ : next.other++ })),
  );
}

/** The tensors that the optimizer updates, in Keras' order. */
export const trainedTensors = ({ tensors }: CompiledModel): ModelTensor[] =>
  tensors.filter(({ spec }) => spec.trainable);
