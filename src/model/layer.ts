import * as v from 'valibot';
import { number } from '../check.ts';
import { ConfigurationError } from '../errors.ts';
import type { Limits } from '../options.ts';
import { product } from '../product.ts';
import { type ActivationName, type ActivationSpec, activationNames } from './activations.ts';
import {
  type FilledInitializer,
  fillInitializer,
  fillRegularizer,
  type InitializerConfig,
  type RegularizerConfig,
} from './weight_options.ts';

/** A tensor that a layer owns, in Keras' layout. */
export interface WeightSpec {
  /** Keras' name in camelCase: kernel, bias, gamma, beta, movingMean ... */
  name: string;
  shape: number[];
  /** From Keras' compute_fans; for a vector both fans are its length. */
  fanIn: number;
  fanOut: number;
  initializer: FilledInitializer;
  /** Coefficients of the sum of magnitudes and of the sum of squares that are added to the loss; 0 for none. */
  l1: number;
  l2: number;
  /** True if the optimizer updates it. Other tensors are constant or, like moving statistics, updated by their layer. */
  trainable: boolean;
  /** Set for a tensor that holds a statistic of the layer's input. A layer's variance follows its mean and has the same shape. */
  statistic?: 'mean' | 'variance';
  /** True for the kernel of a dense layer or a convolution: a matrix whose rows are all axes but the last. */
  isMatrix?: boolean;
  /** For moving statistics: the fraction of the old value that a step keeps. */
  momentum?: number;
}

/** The result of a definition's `compile`, computed from the options of one layer and the shapes of its inputs. */
export interface LayerParts<D> {
  /** Shape of the output without the batch dimension: [height, width, channels] or [units]. */
  outputShape: number[];
  /** In Keras' order: trainable tensors first. */
  weights?: WeightSpec[];
  /** Applied to the output by the layer itself; linear by default. */
  activation?: ActivationSpec | 'softmax';
  /** Values beyond the options that the lowering and the twin need: windows, padding and the like. */
  details: D;
}

type Schema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

/**
 * Everything about a layer type except its kernels. Its lowering is in `src/plan/layers`, so that a page that only describes
 * models doesn't load the shaders.
 */
export interface LayerDefinition<S extends Schema, D> {
  type: string;
  /** Keras' name for layers of this type: conv2d, max_pooling2d ... */
  kerasName: string;
  /** Validates the options and fills in their defaults. */
  schema: S;
  /** Initial options of a form when the layer is added. */
  starter: Record<string, unknown>;
  /** Set for layers that may be measured or fused together with another layer. */
  role?: 'activation' | 'largest' | 'normalization' | 'sum';
  /** Name of the option that sets the number of output channels or units, if there is one. */
  outputs?: string;
  /** Name of the tensor that can be displayed as images, one per filter: [height, width, channels, filters]. */
  pictures?: string;
  /** True if training computes differently from inference. */
  inferenceDiffers?: boolean;
  /** Number of inputs; exactly one by default. */
  inputs?: { least: number; most: number };
  /** @param subject the layer, as the first words of an error: "Layer 3 (conv2d)". */
  compile(config: v.InferOutput<S>, inputs: readonly (readonly number[])[], subject: string): LayerParts<D>;
  /** Further checks that a schema can't express. @param subject "layer 3 (conv2d)". */
  check?(config: v.InferOutput<S>, subject: string): void;
}

/** Infers the types of a definition. */
export const defineLayer = <const T extends string, S extends Schema, D>(
  definition: LayerDefinition<S, D> & { type: T },
): LayerDefinition<S, D> & { type: T } => definition;

/** One number for both axes, or [vertical, horizontal]. */
export type Size = number | readonly [number, number];
/** Treatment of the image border: `'valid'` adds no padding; `'same'` adds padding that is excluded from sums and means. */
export type Padding = 'valid' | 'same';

const isCount = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 1;
/** A union schema of valibot would report only one of the two forms. */
export const size = v.custom<Size>(
  (value) => isCount(value) || (Array.isArray(value) && value.length === 2 && value.every(isCount)),
  'a positive integer or a pair of them',
);
export const padding = v.optional(v.picklist(['valid', 'same']), 'valid');
export const activation = v.optional(v.picklist(activationNames), 'linear');

/**
 * The inputs of a layer: names, "input" for the images, or negative numbers counted back from the layer itself (-1 is the
 * previous layer). By default the previous layer.
 */
export type LayerInputs = readonly (string | number)[];
const isInput = (value: unknown) =>
  (typeof value === 'string' && value !== '') || (Number.isSafeInteger(value) && (value as number) < 0);
const inputs = v.pipe(
  v.custom<LayerInputs>(
    (value) => Array.isArray(value) && value.length > 0 && value.every(isInput),
    'a list of names of layers, or of negative integers that count back from this layer',
  ),
  v.metadata({ kind: 'layers' } satisfies Partial<Limits>),
);

const layerName = v.pipe(
  v.string(),
  v.check((name) => name !== '', 'a name that is not empty'),
);
/** Options of every layer. */
export const layerOptions = {
  name: v.optional(layerName),
  inputs: v.optional(inputs),
};

/** Fraction of elements, or channels, to drop: 0 <= rate < 1. */
export const dropoutRate = v.pipe(
  number(0, 1),
  v.check((rate) => rate < 1, 'a number from 0 to 1, 1 excluded: it would drop everything'),
);

/** Options of layers with weights. */
export const trainable = v.optional(v.boolean(), true);

/** Validated by `fillInitializer` and `fillRegularizer`, whose errors are more helpful than a schema's. */
export const initializer = v.custom<InitializerConfig>(() => true);
export const regularizer = v.custom<RegularizerConfig>(() => true);
/** Options of layers with a kernel and a bias, under Keras' names. */
export const kernelOptions = {
  useBias: v.optional(v.boolean(), true),
  kernelInitializer: v.optional(initializer, 'glorotUniform'),
  biasInitializer: v.optional(initializer, 'zeros'),
  kernelRegularizer: v.optional(regularizer),
  biasRegularizer: v.optional(regularizer),
};

/** Validates the options of weights: every option whose name ends in Initializer or Regularizer. */
export function checkWeightOptions(config: object, subject: string): void {
  for (const [option, value] of Object.entries(config)) {
    if (option.endsWith('Initializer')) fillInitializer(value, `${subject}: ${option}`);
    if (option.endsWith('Regularizer') && value !== undefined) fillRegularizer(value, `${subject}: ${option}`);
  }
}

/** A tensor with its layer's options `<name>Initializer` and `<name>Regularizer`. */
export function weightSpec(
  name: string,
  shape: number[],
  config: { trainable?: boolean | undefined },
  options: {
    initializer?: InitializerConfig | undefined;
    regularizer?: RegularizerConfig | undefined;
    option?: string;
  },
  fans: { fanIn: number; fanOut: number } = { fanIn: shape.at(-1)!, fanOut: shape.at(-1)! },
): WeightSpec {
  return {
    name,
    shape,
    ...fans,
    initializer: fillInitializer(options.initializer, options.option ?? `${name}Initializer`),
    l1: options.regularizer?.l1 ?? 0,
    l2: options.regularizer?.l2 ?? 0,
    trainable: config.trainable ?? true,
  };
}

interface KernelConfig {
  useBias: boolean;
  kernelInitializer: InitializerConfig;
  biasInitializer: InitializerConfig;
  kernelRegularizer?: RegularizerConfig | undefined;
  biasRegularizer?: RegularizerConfig | undefined;
  trainable?: boolean | undefined;
}

/** A kernel whose last two axes are inputs and outputs, and a bias of `biases` elements. */
export function kernelAndBias(config: KernelConfig, shape: number[], biases = shape.at(-1)!): WeightSpec[] {
  const [inputs, outputs] = shape.slice(-2) as [number, number];
  const window = product(shape.slice(0, -2));
  const kernel = weightSpec(
    'kernel',
    shape,
    config,
    { initializer: config.kernelInitializer, regularizer: config.kernelRegularizer },
    { fanIn: window * inputs, fanOut: window * outputs },
  );
  const matrix = { ...kernel, isMatrix: true };
  if (!config.useBias) return [matrix];
  return [
    matrix,
    weightSpec('bias', [biases], config, { initializer: config.biasInitializer, regularizer: config.biasRegularizer }),
  ];
}

/** Rows and columns of a kernel that is a matrix; undefined for other tensors. */
export const matrixOf = ({ isMatrix, shape }: WeightSpec): [number, number] | undefined =>
  isMatrix ? [product(shape.slice(0, -1)), shape.at(-1)!] : undefined;

/** The activation in a layer's options, if the layer has that option. */
export const activationOption = (config: object): ActivationName | undefined =>
  (config as { activation?: ActivationName }).activation;

/** Returns [height, width, channels] of the input of a layer that works on images. @throws ConfigurationError for other shapes. */
export function needImage(subject: string, shape: readonly number[]): [number, number, number] {
  if (shape.length !== 3) {
    throw new ConfigurationError({
      what: `${subject} needs images`,
      found: shape,
      expected: '[height, width, channels]',
      fix: 'put convolutions and pools before flatten',
    });
  }
  return shape as [number, number, number];
}

export const pair = (size: Size): [number, number] => (typeof size === 'number' ? [size, size] : [size[0], size[1]]);
