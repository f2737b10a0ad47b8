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
  /** Keras' name of it: kernel, bias, gamma, beta, moving_mean ... in camelCase. */
  name: string;
  shape: number[];
  /** Keras' compute_fans: a vector is as wide as it is long. */
  fanIn: number;
  fanOut: number;
  initializer: FilledInitializer;
  /** How much of the sum of magnitudes, and of the sum of squares, is added to the loss; 0 for none. */
  l1: number;
  l2: number;
  /** Whether the optimizer updates it. Other tensors are updated by their layer, like moving statistics, or are constant. */
  trainable: boolean;
  /** For a tensor that holds a statistic of the layer's input. A layer's variance follows its mean, of the same shape. */
  statistic?: 'mean' | 'variance';
  /** The kernel of a dense layer or a convolution: a matrix whose rows are all axes but the last. */
  isMatrix?: boolean;
  /** For statistics that follow the batch's: how much of them a step keeps. */
  momentum?: number;
}

/** The result of a definition's `compile`, computed from one layer's options and the shapes of its inputs. */
export interface LayerParts<D> {
  /** Without the batch: [height, width, channels] or [units]. */
  outputShape: number[];
  /** In Keras' order: what is trained before what is not. */
  weights?: WeightSpec[];
  /** Applied to the output by the layer itself; linear unless given. */
  activation?: ActivationSpec | 'softmax';
  /** Values that lowering and twin need beyond the options: windows, padding and the like. */
  details: D;
}

type Schema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

/**
 * All that model, page, summary and reader know of a layer type. Its lowering to kernels is in `src/plan/layers`, so that
 * a page that only describes models does without the shaders.
 */
export interface LayerDefinition<S extends Schema, D> {
  type: string;
  /** Keras' name for layers of this type: conv2d, max_pooling2d ... */
  kerasName: string;
  /** Checks the options and fills their defaults in. */
  schema: S;
  /** The options that a form begins with when the layer is added. */
  starter: Record<string, unknown>;
  /** The role of layers that others are measured or computed together with. */
  role?: 'activation' | 'largest' | 'normalization' | 'sum';
  /** The option that sets the number of its output's channels or units, where there is one. */
  outputs?: string;
  /** The tensor that shows as pictures, a filter each: [height, width, channels, filters]. */
  pictures?: string;
  /** Training computes otherwise than inference. */
  inferenceDiffers?: boolean;
  /** How many layers it takes as inputs; one unless given. */
  inputs?: { least: number; most: number };
  /** @param subject what the layer is, as an error's first words: "Layer 3 (conv2d)". */
  compile(config: v.InferOutput<S>, inputs: readonly (readonly number[])[], subject: string): LayerParts<D>;
  /** Further checks that a schema can't express. @param subject "layer 3 (conv2d)". */
  check?(config: v.InferOutput<S>, subject: string): void;
}

/** Gives a definition its types. */
export const defineLayer = <const T extends string, S extends Schema, D>(
  definition: LayerDefinition<S, D> & { type: T },
): LayerDefinition<S, D> & { type: T } => definition;

/** One number for both axes, or [vertical, horizontal]. */
export type Size = number | readonly [number, number];
/** How the edge of an image is treated: `'valid'` has no padding, `'same'` pads with what does not count. */
export type Padding = 'valid' | 'same';

const isCount = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 1;
/** valibot's union would report one of the two only. */
export const size = v.custom<Size>(
  (value) => isCount(value) || (Array.isArray(value) && value.length === 2 && value.every(isCount)),
  'a positive integer or a pair of them',
);
export const padding = v.optional(v.picklist(['valid', 'same']), 'valid');
export const activation = v.optional(v.picklist(activationNames), 'linear');

/**
 * The layers that a layer takes as inputs: by name, "input" for the images, or counted back from the layer itself, -1 being the one
 * before it. Without `inputs` a layer takes the one before it.
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

const layerName = v.pipe(v.string(), v.minLength(1, 'a name that is not empty'));
/** Options of every layer. */
export const layerOptions = {
  name: v.optional(layerName),
  inputs: v.optional(inputs),
};

/** Share of elements, or channels, that are dropped: 0 <= rate < 1. */
export const dropoutRate = v.pipe(
  number(0, 1),
  v.check((rate) => rate < 1, 'a number from 0 to 1, 1 excluded: it would drop everything'),
);

/** Options of layers that own weights. */
export const trainable = v.optional(v.boolean(), true);

/** Checked by `fillInitializer` and `fillRegularizer`, whose errors are more helpful than a schema's. */
export const initializer = v.custom<InitializerConfig>(() => true);
export const regularizer = v.custom<RegularizerConfig>(() => true);
/** Options of layers with a kernel and a bias; Keras' names. */
export const kernelOptions = {
  useBias: v.optional(v.boolean(), true),
  kernelInitializer: v.optional(initializer, 'glorotUniform'),
  biasInitializer: v.optional(initializer, 'zeros'),
  kernelRegularizer: v.optional(regularizer),
  biasRegularizer: v.optional(regularizer),
};

/** The options of weights, by their names: every option that ends in Initializer or Regularizer. */
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

/** A kernel whose last two axes are inputs and outputs, and the bias of `biases` elements. */
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

/** The activation that a layer's options name, where the layer has such an option. */
export const activationOption = (config: object): ActivationName | undefined =>
  (config as { activation?: ActivationName }).activation;

/** [height, width, channels] of what reaches a layer that works on images. */
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
