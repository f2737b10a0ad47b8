import * as v from 'valibot';
import { integer, parse } from '../check.ts';
import { ConfigurationError, suggest } from '../errors.ts';
import { fillInitializer, fillRegularizer, type InitializerConfig, type RegularizerConfig } from './weight_options.ts';

export const activations = ['linear', 'relu', 'tanh', 'sigmoid', 'softmax'] as const;
export type ActivationName = (typeof activations)[number];

/** One number for both axes, or [vertical, horizontal]. */
export type Size = number | readonly [number, number];
export type Padding = 'valid' | 'same';

const isCount = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 1;
/** valibot's union would tell of one of the two only. */
const size = v.custom<Size>(
  (value) => isCount(value) || (Array.isArray(value) && value.length === 2 && value.every(isCount)),
  'a positive integer or a pair of them',
);
const name = v.optional(v.pipe(v.string(), v.minLength(1, 'a name that is not empty')));
const activation = v.optional(v.picklist(activations), 'linear');
const padding = v.optional(v.picklist(['valid', 'same']), 'valid');

/** Checked by `fillInitializer` and `fillRegularizer`, which know more of what was wanted than a schema. */
const initializer = v.custom<InitializerConfig>(() => true);
const regularizer = v.custom<RegularizerConfig>(() => true);
/** Of layers with weights; Keras' names. */
const weightOptions = {
  useBias: v.optional(v.boolean(), true),
  kernelInitializer: v.optional(initializer, 'glorotUniform'),
  biasInitializer: v.optional(initializer, 'zeros'),
  kernelRegularizer: v.optional(regularizer),
  biasRegularizer: v.optional(regularizer),
};

export const schemas = {
  conv2d: v.strictObject({
    type: v.literal('conv2d'),
    filters: integer(1),
    kernelSize: size,
    strides: v.optional(size, 1),
    padding,
    activation,
    ...weightOptions,
    name,
  }),
  maxPooling2d: v.strictObject({
    type: v.literal('maxPooling2d'),
    poolSize: v.optional(size, 2),
    strides: v.optional(size),
    padding,
    name,
  }),
  flatten: v.strictObject({ type: v.literal('flatten'), name }),
  dense: v.strictObject({
    type: v.literal('dense'),
    units: integer(1),
    activation,
    ...weightOptions,
    name,
  }),
};

export type LayerType = keyof typeof schemas;
const layerTypes = Object.keys(schemas) as LayerType[];

/** A layer as plain JSON, options that have a default left out or not. */
export type Conv2dConfig = v.InferInput<typeof schemas.conv2d>;
export type MaxPooling2dConfig = v.InferInput<typeof schemas.maxPooling2d>;
export type FlattenConfig = v.InferInput<typeof schemas.flatten>;
export type DenseConfig = v.InferInput<typeof schemas.dense>;
export type LayerConfig = Conv2dConfig | MaxPooling2dConfig | FlattenConfig | DenseConfig;

/** The same with every default filled in. */
export type FilledLayer =
  | v.InferOutput<typeof schemas.conv2d>
  | v.InferOutput<typeof schemas.maxPooling2d>
  | v.InferOutput<typeof schemas.flatten>
  | v.InferOutput<typeof schemas.dense>;

/**
 * Checks one layer and fills its defaults in.
 *
 * @param position of the layer in its model, from 1, for the error.
 * @throws ConfigurationError for an unknown type, option or activation, or a value out of range.
 */
export function fillLayer(layer: unknown, position: number): FilledLayer {
  const type = (layer as { type?: unknown } | null)?.type;
  if (typeof type !== 'string' || !(type in schemas)) {
    throw new ConfigurationError({
      what: `layer ${position} is of no known type`,
      found: type ?? layer,
      wanted: `one of ${layerTypes.join(', ')}`,
      ...(typeof type === 'string' && { fix: suggest(type, layerTypes) }),
    });
  }
  const where = `layer ${position} (${type})`;
  const filled = parse(schemas[type as LayerType] as v.GenericSchema<unknown, FilledLayer>, layer, where);
  if ('useBias' in filled) checkWeightOptions(filled, where);
  return filled;
}

function checkWeightOptions(layer: Extract<FilledLayer, { useBias: boolean }>, where: string): void {
  for (const tensor of ['kernel', 'bias'] as const) {
    fillInitializer(layer[`${tensor}Initializer`], `${where}: ${tensor}Initializer`);
    const regularizer = layer[`${tensor}Regularizer`];
    if (regularizer !== undefined) fillRegularizer(regularizer, `${where}: ${tensor}Regularizer`);
  }
}

/**
 * A two-dimensional convolution: Keras' Conv2D. x [batch, height, width, channels], kernel
 * [kernelHeight, kernelWidth, channels, filters], bias [filters].
 */
export const conv2d = (options: Omit<Conv2dConfig, 'type'>): Conv2dConfig => checked({ type: 'conv2d', ...options });

/** The largest element of each window: Keras' MaxPooling2D. `strides` is `poolSize` by default. */
export const maxPooling2d = (options: Omit<MaxPooling2dConfig, 'type'> = {}): MaxPooling2dConfig =>
  checked({ type: 'maxPooling2d', ...options });

/** [batch, height, width, channels] -> [batch, height * width * channels]: Keras' Flatten. */
export const flatten = (options: Omit<FlattenConfig, 'type'> = {}): FlattenConfig =>
  checked({ type: 'flatten', ...options });

/** x [batch, inputs] times kernel [inputs, units] plus bias [units]: Keras' Dense. */
export const dense = (options: Omit<DenseConfig, 'type'>): DenseConfig => checked({ type: 'dense', ...options });

function checked<L extends LayerConfig>(layer: L): L {
  fillLayer(layer, 1);
  return layer;
}
