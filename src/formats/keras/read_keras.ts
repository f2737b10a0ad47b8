import { DataError } from '../../errors.ts';
import { compileModel, type Model } from '../../model/graph.ts';
import { definitionOf, type LayerConfig } from '../../model/layers/index.ts';
import { imagesName } from '../../model/wiring.ts';
import { type Context, isObject, type Json, type LayerJson, networkIn } from './keras_json.ts';
import { readLayer } from './read_keras_layer.ts';

/** A network read from another program's description. */
export interface ReadModel {
  /** The network. */
  model: Model;
  /**
   * Notes on parts that were dropped because they don't affect predictions: constraints, and initializers that wgrad does not have.
   */
  notes: string[];
}

/**
 * Reads the network described by Keras' `to_json()` or TensorFlow.js' `modelTopology`: Sequential, or Functional with one input and
 * one output.
 *
 * @param name of the file, for errors.
 * @param version of Keras, if another part of the file states it.
 * @throws DataError that names every layer that wgrad doesn't have; ConfigurationError for layers that don't fit together.
 */
export function readKerasModel(json: unknown, name: string, version?: unknown): ReadModel {
  const outer = networkIn(json);
  if (!isObject(outer) || typeof outer.class_name !== 'string') throw notKeras(name, outer);
  // Keras 3 omits its version, but writes where each class is registered.
  const written = (json as Json).keras_version ?? outer.keras_version ?? version;
  const keras = String(written ?? ('registered_name' in outer ? '3' : ''));
  const context = { keras, notes: [], unknown: [] } as Context;
  if (outer.class_name === 'Sequential') return finish(sequentialOf(outer.config, name, context), name, context);
  if (['Functional', 'Model', 'Model>Functional'].includes(outer.class_name)) {
    return finish(functionalOf(outer.config, name, context), name, context);
  }
  throw new DataError({
    what: `${name} describes a model of a kind that wgrad cannot read`,
    found: outer.class_name,
    expected: 'Sequential or Functional: the layers of a subclassed model are code, which no file has',
  });
}

const notKeras = (name: string, found: unknown) =>
  new DataError({
    what: `${name} describes no Keras model`,
    found: isObject(found) ? Object.keys(found).join(', ') || '{}' : found,
    expected: 'an object with class_name and config',
    fix: "take Keras' model.to_json(), or the model.json of a TensorFlow.js layers model",
  });

interface Outline {
  inputShape: unknown;
  layers: { json: LayerJson; inputs: string[] | undefined }[];
  /** Names of the input layers, which provide the images. */
  inputs: string[];
}

function layerJson(value: unknown, name: string): LayerJson {
  const config = isObject(value) ? value.config : undefined;
  if (!isObject(value) || typeof value.class_name !== 'string' || !isObject(config)) {
    throw new DataError({
      what: `${name} has a layer that is none`,
      found: value,
      expected: 'an object with class_name and config',
    });
  }
  const own = value.name ?? config.name ?? value.class_name;
  return { class_name: value.class_name, name: String(own), config, inbound_nodes: value.inbound_nodes };
}

const listOf = (value: unknown, name: string, what: string): unknown[] => {
  if (Array.isArray(value)) return value;
  throw new DataError({ what: `${name} lacks ${what}`, found: value, expected: 'a list' });
};

function sequentialOf(config: unknown, name: string, context: Context): Outline {
  // Keras 2.1 and older wrote only the list.
  const list = listOf(isObject(config) ? config.layers : config, name, 'the layers of a Sequential model');
  const layers = list.map((layer) => layerJson(layer, name));
  const first = layers[0];
  const inputShape = first && shapeOf(first.config);
  if (!inputShape && isObject(config) && Array.isArray(config.build_input_shape)) {
    return sequence(layers, config.build_input_shape.slice(1), context);
  }
  return sequence(layers, inputShape, context);
}

function sequence(layers: LayerJson[], inputShape: unknown, context: Context): Outline {
  const kept = layers.filter(({ class_name }) => class_name !== 'InputLayer');
  const inputs = layers.filter(({ class_name }) => class_name === 'InputLayer').map(({ name }) => name);
  if (inputs.length > 1) context.unknown.push(`${inputs[1]} (a second InputLayer)`);
  return { inputShape, layers: kept.map((json) => ({ json, inputs: undefined })), inputs };
}

/** Shape without the batch axis. */
function shapeOf(config: Json): unknown {
  const shape = config.batch_input_shape ?? config.batch_shape;
  return Array.isArray(shape) ? shape.slice(1) : config.input_shape;
}

function functionalOf(config: unknown, name: string, context: Context): Outline {
  if (!isObject(config)) throw notKeras(name, config);
  const all = listOf(config.layers, name, 'the layers of a Functional model').map((layer) => layerJson(layer, name));
  const starts = all.filter(({ class_name }) => class_name === 'InputLayer');
  const outputs = endsOf(config.output_layers);
  if (starts.length !== 1 || outputs.length !== 1) {
    throw new DataError({
      what: `${name} describes a model with another number of inputs or outputs than one`,
      found: `inputs ${starts.map(({ name }) => name).join(', ') || 'none'}; outputs ${outputs.join(', ') || 'none'}`,
      expected: 'images in, probabilities out',
    });
  }
  const layers = all
    .filter((layer) => layer !== starts[0])
    .map((json) => ({ json, inputs: inboundOf(json, name, context) }));
  return { inputShape: shapeOf(starts[0]!.config), layers, inputs: [starts[0]!.name] };
}

/** output_layers is [["dense", 0, 0]], or in Keras 3 ["dense", 0, 0] for a single output. */
function endsOf(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  if (typeof value[0] === 'string') return [value[0]];
  return value.flatMap((end) => (Array.isArray(end) && typeof end[0] === 'string' ? [end[0]] : []));
}

/** The input layers of a layer in the format of Keras 2 ([[["conv2d", 0, 0, {}]]]) or 3 ({ args: [tensors], kwargs }). */
function inboundOf(
  { name: layer, inbound_nodes: nodes, class_name }: LayerJson,
  name: string,
  context: Context,
): string[] {
  const calls = listOf(nodes, name, `the inbound_nodes of ${layer}`);
  if (calls.length !== 1) context.unknown.push(`${layer} (${class_name}, called ${calls.length} times)`);
  const found: string[] = [];
  const visit = (value: unknown, depth: number): void => {
    if (depth > 8) return;
    if (Array.isArray(value)) {
      if (typeof value[0] === 'string') found.push(value[0]);
      else for (const item of value) visit(item, depth + 1);
    } else if (isObject(value)) {
      if (value.class_name === '__keras_tensor__' && isObject(value.config))
        visit(value.config.keras_history, depth + 1);
      else if ('args' in value) visit(value.args, depth + 1);
    }
  };
  visit(calls[0], 0);
  return found;
}

/** Converts all layers to wgrad's, after all unsupported ones have been collected. */
function finish({ inputShape, layers, inputs }: Outline, name: string, context: Context): ReadModel {
  const names = new Set(layers.map(({ json }) => json.name));
  const read = layers.map(({ json, inputs: given }, i) => {
    const options = readLayer(json, context);
    const from = given?.map((input) => {
      if (!inputs.includes(input)) return input;
      // If a layer is itself named "input", that name would refer to it, so the images are referenced by index.
      return names.has(imagesName) ? -(i + 1) : imagesName;
    });
    const previous = i === 0 ? imagesName : layers[i - 1]!.json.name;
    const isPrevious = from?.length === 1 && (from[0] === previous || (i === 0 && from[0] === -1));
    return { ...options, name: json.name, ...(from && !isPrevious && { inputs: from }) };
  });
  const { unknown, notes } = context;
  if (unknown.length > 0) {
    throw new DataError({
      what: `${name} has layers that wgrad does not: ${unknown.join(', ')}`,
      found: `${unknown.length} of ${layers.length} layers`,
      expected: 'the layers that wgrad has, with the options that it has',
      fix: 'replace or remove them where the model is made',
    });
  }
  if (!Array.isArray(inputShape) || inputShape.length !== 3 || !inputShape.every((n) => Number.isInteger(n) && n > 0)) {
    throw new DataError({
      what: `${name} describes a model that takes no images of one size`,
      found: inputShape,
      expected: '[height, width, channels] as numbers',
      fix: 'give the input of the model a fixed shape where it is made',
    });
  }
  const model = softmaxLast({
    inputShape: inputShape as unknown as Model['inputShape'],
    layers: read as LayerConfig[],
  });
  compileModel(model);
  return { model, notes };
}

/**
 * If a softmax over [1, 1, classes] is followed by a reshape or flatten to [classes], as in MobileNet, the order is irrelevant. It
 * is swapped, because wgrad supports softmax only at the end.
 */
function softmaxLast(model: Model): Model {
  const layers = [...model.layers];
  const [softmax, last] = layers.slice(-2) as unknown as [Json | undefined, Json | undefined];
  if (layers.length < 2 || softmax!.activation !== 'softmax' || last!.inputs !== undefined) return model;
  const { role } = definitionOf(softmax!.type as LayerConfig['type']);
  if (role !== 'activation') return model;
  const { inputs, ...moved } = softmax!;
  layers.splice(
    -2,
    2,
    { ...last, ...(inputs !== undefined && { inputs }) } as LayerConfig,
    moved as unknown as LayerConfig,
  );
  try {
    const swapped = { ...model, layers };
    const { outputShape, inputShape } = compileModel(swapped).layers.at(-2)!;
    return outputShape.length === 1 && inputShape.at(-1) === outputShape[0] ? swapped : model;
  } catch {
    return model;
  }
}
