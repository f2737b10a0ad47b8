import { ConfigurationError } from '../../errors.ts';
import type { ActivationName } from '../../model/activations.ts';
import { defaultNegativeSlope } from '../../model/activations.ts';
import { type Border, sidesOf } from '../../model/border.ts';
import type { CompiledLayer, CompiledModel, CompiledNode } from '../../model/graph.ts';
import { activationOption, pair, type Size } from '../../model/layer.ts';
import { definitionOf, type LayerType } from '../../model/layers/index.ts';
import { fillInitializer } from '../../model/weight_options.ts';
import { snakeCase } from '../trained_model.ts';
import { kerasInitializer } from './keras_initializers.ts';
import { classNames, kerasActivations, tensorflowActivations } from './keras_names.ts';

/** A layer in Keras' representation. */
export interface KerasLayer {
  className: string;
  name: string;
  config: Record<string, unknown>;
  /** Names of the input layers; the images come from the layer named `input`. */
  inputs: string[];
}

/** Keras 3, or TensorFlow.js 4, which interprets some layers differently. */
export type Dialect = 'keras' | 'tfjs';

export interface KerasModel {
  /** Name of the input layer. */
  input: string;
  layers: KerasLayer[];
  output: string;
  /** Names of the model's layers, by position. Names that the dialect does not allow are changed. */
  names: string[];
}

/** Layers and options that TensorFlow.js lacks or computes differently, found by comparing outputs. */
const lacking: Partial<{ [T in LayerType]: (layer: CompiledNode<T>) => string | undefined }> = {
  conv2d: ({ config }) => (config.groups > 1 ? 'convolutions in groups' : undefined),
  conv2dTranspose: ({ config }) =>
    Math.max(...pair(config.dilationRate)) > 1 ? 'dilated transposed convolutions' : undefined,
  // TensorFlow.js infers their output shape without the dilation.
  depthwiseConv2d: ({ config }) =>
    config.padding === 'valid' && Math.max(...pair(config.dilationRate)) > 1
      ? 'dilated depthwise convolutions without padding'
      : undefined,
  groupNormalization: () => 'group normalization',
  upSampling2d: ({ config }) =>
    config.interpolation === 'bilinear' ? 'bilinear up-sampling between the centers of pixels' : undefined,
};

/** Options whose JSON representation differs. */
const isSize = (option: string) => ['kernelSize', 'strides', 'dilationRate', 'poolSize', 'size'].includes(option);
const isBorder = (option: string, value: unknown) =>
  option === 'cropping' || (option === 'padding' && typeof value !== 'string');

/**
 * Converts a model's layers to Keras' representation.
 *
 * @throws ConfigurationError that lists the layers which TensorFlow.js can't express, why, and which format can.
 */
export function kerasModel(model: CompiledModel, dialect: Dialect): KerasModel {
  const taken = new Set<string>();
  const free = (name: string): string => {
    let own = name;
    for (let i = 1; taken.has(own); i++) own = `${name}_${i}`;
    taken.add(own);
    return own;
  };
  const names = model.layers.map(({ name }) => free(plainName(name)));
  const input = free('input');
  const layers: KerasLayer[] = [];
  const outputs: string[] = [];
  const problems: string[] = [];
  for (const index of model.order) {
    const layer = { ...model.layers[index]!, name: names[index]! };
    const inputs = layer.inputs.map((i) => (i < 0 ? input : outputs[i]!));
    const made = layersOf(layer, inputs, dialect, free, problems);
    layers.push(...made);
    outputs[index] = made.at(-1)!.name;
  }
  if (problems.length > 0) {
    throw new ConfigurationError({
      what: `TensorFlow.js cannot express this model: it has no ${problems.join('; no ')}`,
      found: model.layers.map(({ type }) => type).join(', '),
      expected: 'layers that TensorFlow.js has',
      fix: 'export as onnx, keras or pytorch',
    });
  }
  return { input, layers, output: outputs[model.output]!, names };
}

/** Keras allows no slashes in names; TensorFlow.js allows only these characters. */
const plainName = (name: string): string =>
  /^[A-Za-z0-9][-\w.]*$/.test(name) ? name : `layer_${name.replace(/[^-\w.]/g, '_')}`;

/** Converts a layer, and appends layers for options that the dialect doesn't have. */
function layersOf(
  layer: CompiledLayer,
  inputs: string[],
  dialect: Dialect,
  free: (name: string) => string,
  problems: string[],
): KerasLayer[] {
  const { type, name } = layer;
  const lack = lacking[type] as ((layer: CompiledLayer) => string | undefined) | undefined;
  const problem = dialect === 'tfjs' ? lack?.(layer) : undefined;
  if (problem) problems.push(`${problem} (layer ${name})`);
  const config = configOf(layer);
  const made: KerasLayer = { className: classNames[type], name, config, inputs };
  const layers = [made];
  if (dialect === 'tfjs') adaptToTensorflow(layer, made, layers, free);
  const activation = activationOption(layer.config);
  if (activation === undefined) return layers;
  const activations = dialect === 'keras' ? kerasActivations : tensorflowActivations;
  const written = activations[activation];
  const slope = typeof layer.activation === 'string' ? defaultNegativeSlope : layer.activation.negativeSlope;
  const isOwn = activation === 'leakyRelu' && (written === null || slope !== defaultNegativeSlope);
  if (written === null && !isOwn) problems.push(`activation ${activation satisfies ActivationName} (layer ${name})`);
  if (!isOwn) config.activation = written;
  else {
    const slopeOption = dialect === 'keras' ? { negative_slope: slope } : { alpha: slope };
    if (definitionOf(type).role === 'activation') {
      delete config.activation;
      made.className = 'LeakyReLU';
      made.config = { ...config, ...slopeOption };
    } else {
      config.activation = 'linear';
      const own = free(`${name}_activation`);
      layers.push({
        className: 'LeakyReLU',
        name: own,
        config: { name: own, trainable: true, ...slopeOption },
        inputs: [layers.at(-1)!.name],
      });
    }
  }
  return layers;
}

function configOf({ config, name, type, inputShapes }: CompiledLayer): Record<string, unknown> {
  const { type: _, inputs: __, name: ___, negativeSlope: ____, ...options } = config as Record<string, unknown>;
  const written: Record<string, unknown> = { name, trainable: true };
  for (const [option, value] of Object.entries(options)) {
    const key = snakeCase(option);
    if (option.endsWith('Initializer')) written[key] = kerasInitializer(fillInitializer(value, option));
    else if (option.endsWith('Regularizer')) written[key] = regularizer(value as { l1?: number; l2?: number });
    else if (isBorder(option, value)) {
      const { top, bottom, left, right } = sidesOf(value as Border);
      written[key] = [
        [top, bottom],
        [left, right],
      ];
    } else if (isSize(option)) written[key] = pair(value as Size);
    else written[key] = value;
  }
  if (inputShapes[0]!.length === 3 && !mergesOrNormalizes(type)) written.data_format = 'channels_last';
  return written;
}

const regularizer = (value: { l1?: number; l2?: number } | undefined) =>
  value ? { class_name: 'L1L2', config: { l1: value.l1 ?? 0, l2: value.l2 ?? 0 } } : null;

/** Layers without a data_format option. */
const withoutDataFormat: readonly string[] = [
  'BatchNormalization',
  'LayerNormalization',
  'GroupNormalization',
  'Activation',
  'Dropout',
  'GaussianNoise',
  'Add',
  'Multiply',
  'Average',
  'Maximum',
  'Concatenate',
  'Reshape',
  'Dense',
];
const mergesOrNormalizes = (type: LayerType) => withoutDataFormat.includes(classNames[type]);

/** Renames what TensorFlow.js calls differently. */
function adaptToTensorflow(
  layer: CompiledLayer,
  made: KerasLayer,
  layers: KerasLayer[],
  free: (name: string) => string,
): void {
  const { name, outputShape } = layer;
  if (made.config.keepdims !== undefined) {
    const { keepdims, ...config } = made.config;
    made.config = config;
    if (keepdims) {
      const own = free(`${name}_keepdims`);
      layers.push({
        className: 'Reshape',
        name: own,
        config: { name: own, trainable: true, target_shape: outputShape },
        inputs: [name],
      });
    }
  }
  // TensorFlow.js treats every negative axis of a concatenation as the last one, and -1 in a shape as an unknown length.
  if (made.className === 'Concatenate') made.config.axis = (layer.details as { axis: number }).axis;
  if (made.className === 'Reshape') made.config.target_shape = outputShape;
  // SpatialDropout2D is a Dropout whose mask has one value per channel.
  if (made.className === 'SpatialDropout2D') {
    const { data_format: _, ...config } = made.config;
    made.className = 'Dropout';
    made.config = { ...config, noise_shape: [null, 1, 1, outputShape.at(-1)!] };
  }
}
