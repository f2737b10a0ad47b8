import { ConfigurationError, suggest } from '../errors.ts';
import { largestPool } from '../kernels/max_pool.ts';
import { type FilledLayer, fillLayer, type LayerConfig, type LayerType, type Size } from './layers.ts';
import { type FilledInitializer, fillInitializer } from './weight_options.ts';

/** A model as plain JSON: what `--model` reads. */
export interface Model {
  /** [height, width, channels]. */
  inputShape: readonly [number, number, number];
  layers: readonly LayerConfig[];
}

/** A tensor that training moves, in Keras' layout. */
export interface WeightSpec {
  name: 'kernel' | 'bias';
  shape: number[];
  /** Keras' compute_fans: a bias is as wide as it is long. */
  fanIn: number;
  fanOut: number;
  initializer: FilledInitializer;
  /** How much of the sum of squares is added to the loss; 0 for none. */
  l2: number;
}

interface Base {
  /** Keras' name: conv2d, conv2d_1, max_pooling2d, flatten, dense ... */
  name: string;
  /** Without the batch: [height, width, channels] or [units]. */
  inputShape: number[];
  outputShape: number[];
  /** Kernel first, as in Keras' get_weights(); empty for layers without. */
  weights: WeightSpec[];
  parameters: number;
}

/** What a window that moves over an image does: all sizes are [vertical, horizontal]. */
interface Windowed {
  window: [number, number];
  strides: [number, number];
  /** Rows above and columns left of the image that `same` adds, as TensorFlow does; what is odd goes below and right. */
  pad: [number, number];
}

type Filled<T extends LayerType> = Extract<FilledLayer, { type: T }>;
export type CompiledConv2d = Base & Windowed & { type: 'conv2d'; config: Filled<'conv2d'> };
export type CompiledMaxPooling2d = Base & Windowed & { type: 'maxPooling2d'; config: Filled<'maxPooling2d'> };
export type CompiledFlatten = Base & { type: 'flatten'; config: Filled<'flatten'> };
export type CompiledDense = Base & { type: 'dense'; config: Filled<'dense'> };
export type CompiledLayer = CompiledConv2d | CompiledMaxPooling2d | CompiledFlatten | CompiledDense;

/** A model whose shapes have been worked out and fit. */
export interface CompiledModel {
  inputShape: [number, number, number];
  layers: CompiledLayer[];
  parameters: number;
}

/**
 * Checks a model and gives it back: the same JSON.
 *
 * @throws ConfigurationError naming the layer, its shapes and what to do.
 */
export function sequential(model: Model): Model {
  compileModel(model);
  return model;
}

const kerasName: Record<LayerType, string> = {
  conv2d: 'conv2d',
  maxPooling2d: 'max_pooling2d',
  flatten: 'flatten',
  dense: 'dense',
};

/** What gives layers their names, in order: their own, or Keras' by their type and place. */
function namer(): (layer: { type: LayerType; name?: string }) => string {
  const counts = new Map<string, number>();
  return ({ type, name }) => {
    const known = kerasName[type] ?? type;
    const count = counts.get(known) ?? 0;
    counts.set(known, count + 1);
    return name ?? (count ? `${known}_${count}` : known);
  };
}

/** The names that errors have for the layers of a model, in order; of one that doesn't fit together, too. */
export const layerNames = ({ layers }: Model): string[] => layers.map(namer());

/** Works out names, shapes and weights. @throws ConfigurationError as `sequential` does. */
export function compileModel(model: Model): CompiledModel {
  const { inputShape, layers } = checkOutline(model);
  const nameOf = namer();
  const compiled: CompiledLayer[] = [];
  let shape: number[] = [...inputShape];
  layers.forEach((layer, index) => {
    const config = fillLayer(layer, index + 1);
    const name = nameOf(config);
    if (compiled.some((other) => other.name === name)) {
      throw new ConfigurationError({
        what: `Two layers have the same name`,
        found: name,
        wanted: 'a name of its own for each layer',
      });
    }
    if ('activation' in config && config.activation === 'softmax' && index < layers.length - 1) {
      throw new ConfigurationError({
        what: `Layer ${index + 1} (${name}) has softmax in the middle of the model`,
        found: `softmax in layer ${index + 1} of ${layers.length}`,
        wanted: 'softmax in the last layer only',
        fix: 'use relu, tanh, sigmoid or linear here',
      });
    }
    const next = compileLayer(config, name, index + 1, shape);
    compiled.push(next);
    shape = next.outputShape;
  });
  return { inputShape, layers: compiled, parameters: compiled.reduce((sum, layer) => sum + layer.parameters, 0) };
}

/** The loss needs probabilities of classes. @throws ConfigurationError when the model doesn't end in a dense softmax. */
export function requireClassifier(model: CompiledModel): { classes: number } {
  const last = model.layers.at(-1)!;
  if (last.type !== 'dense' || last.config.activation !== 'softmax') {
    throw new ConfigurationError({
      what: 'sparseCategoricalCrossentropy needs a model that ends in probabilities',
      found: `${last.type}${'activation' in last.config ? ` with ${last.config.activation}` : ''} as the last layer`,
      wanted: 'a dense layer with softmax, a unit a class',
      fix: 'end the model with { "type": "dense", "units": <classes>, "activation": "softmax" }',
    });
  }
  return { classes: last.config.units };
}

function checkOutline(model: Model): { inputShape: [number, number, number]; layers: readonly unknown[] } {
  const known = ['inputShape', 'layers'];
  if (typeof model !== 'object' || model === null || Array.isArray(model)) {
    throw new ConfigurationError({
      what: 'A model is an object',
      found: model,
      wanted: '{ "inputShape": [28, 28, 1], "layers": [...] }',
    });
  }
  for (const key of Object.keys(model)) {
    if (!known.includes(key)) {
      throw new ConfigurationError({
        what: `A model has no option ${key}`,
        found: key,
        wanted: known.join(', '),
        fix: suggest(key, known),
      });
    }
  }
  const { inputShape, layers } = model;
  if (!Array.isArray(inputShape) || inputShape.length !== 3 || !inputShape.every((n) => Number.isInteger(n) && n > 0)) {
    throw new ConfigurationError({
      what: "The model's inputShape makes no sense",
      found: inputShape,
      wanted: 'three positive integers: [height, width, channels]',
    });
  }
  if (!Array.isArray(layers) || layers.length === 0) {
    throw new ConfigurationError({
      what: 'The model has no layer',
      found: layers,
      wanted: 'at least a dense layer with softmax',
    });
  }
  return { inputShape: [...inputShape] as [number, number, number], layers };
}

function compileLayer(config: FilledLayer, name: string, position: number, shape: number[]): CompiledLayer {
  const where = `Layer ${position} (${name})`;
  switch (config.type) {
    case 'conv2d': {
      const [, , channels] = needImage(where, shape);
      const moved = slide(where, shape, pair(config.kernelSize), pair(config.strides), config.padding);
      const [kh, kw] = moved.window;
      const weights = weightsOf(config, [kh, kw, channels!, config.filters]);
      return {
        ...base(name, shape, [...moved.size, config.filters], weights),
        type: 'conv2d',
        config,
        ...moved,
      };
    }
    case 'maxPooling2d': {
      const [, , channels] = needImage(where, shape);
      const window = pair(config.poolSize);
      if (window[0] * window[1] > largestPool) {
        throw new ConfigurationError({
          what: `${where}: the pool is too large`,
          found: window,
          wanted: `at most ${largestPool} elements a window`,
          fix: 'use two pools',
        });
      }
      const moved = slide(
        where,
        shape,
        window,
        config.strides === undefined ? window : pair(config.strides),
        config.padding,
      );
      return { ...base(name, shape, [...moved.size, channels!]), type: 'maxPooling2d', config, ...moved };
    }
    case 'flatten':
      return { ...base(name, shape, [product(shape)]), type: 'flatten', config };
    case 'dense': {
      if (shape.length !== 1) {
        throw new ConfigurationError({
          what: `${where} wants a flat input`,
          found: shape,
          wanted: '[units]',
          fix: 'put { "type": "flatten" } before it',
        });
      }
      const weights = weightsOf(config, [shape[0]!, config.units]);
      return { ...base(name, shape, [config.units], weights), type: 'dense', config };
    }
  }
}

function base(name: string, inputShape: number[], outputShape: number[], weights: WeightSpec[] = []): Base {
  const parameters = weights.reduce((sum, w) => sum + product(w.shape), 0);
  return { name, inputShape: [...inputShape], outputShape, weights, parameters };
}

/** A kernel, its inputs and outputs last in its shape, and the bias beside it. */
function weightsOf(config: Filled<'conv2d' | 'dense'>, shape: number[]): WeightSpec[] {
  const [inputs, outputs] = shape.slice(-2) as [number, number];
  const window = product(shape.slice(0, -2));
  const spec = (name: 'kernel' | 'bias', shape: number[], fanIn: number, fanOut: number): WeightSpec => ({
    name,
    shape,
    fanIn,
    fanOut,
    initializer: fillInitializer(config[`${name}Initializer`], `${name}Initializer`),
    l2: config[`${name}Regularizer`]?.l2 ?? 0,
  });
  const kernel = spec('kernel', shape, window * inputs, window * outputs);
  return config.useBias ? [kernel, spec('bias', [outputs], outputs, outputs)] : [kernel];
}

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function needImage(where: string, shape: number[]): number[] {
  if (shape.length !== 3) {
    throw new ConfigurationError({
      what: `${where} wants images`,
      found: shape,
      wanted: '[height, width, channels]',
      fix: 'put convolutions and pools before flatten',
    });
  }
  return shape;
}

/** Where a window can stand: TensorFlow's rules for `valid` and `same`. */
function slide(
  where: string,
  shape: number[],
  window: [number, number],
  strides: [number, number],
  padding: string,
): Windowed & { size: [number, number] } {
  const along = (axis: 0 | 1): [number, number] => {
    const n = shape[axis]!;
    if (padding === 'same') {
      const out = Math.ceil(n / strides[axis]);
      return [out, Math.floor(Math.max(0, (out - 1) * strides[axis] + window[axis] - n) / 2)];
    }
    return [Math.floor((n - window[axis]) / strides[axis]) + 1, 0];
  };
  const [height, top] = along(0);
  const [width, left] = along(1);
  if (height < 1 || width < 1) {
    throw new ConfigurationError({
      what: `${where}: its window of ${window.join(' x ')} is larger than what reaches it`,
      found: shape,
      wanted: `at least [${window.join(', ')}, channels]`,
      fix: 'use padding "same", a smaller window or fewer pools before it',
    });
  }
  return { window, strides, pad: [top, left], size: [height, width] };
}

function pair(size: Size): [number, number] {
  return typeof size === 'number' ? [size, size] : [size[0], size[1]];
}
