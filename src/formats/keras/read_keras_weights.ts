import { unzipSync } from 'fflate';
import { DataError } from '../../errors.ts';
import { compileModel, type Model } from '../../model/graph.ts';
import { Hdf5Error } from '../hdf5/bytes.ts';
import { type Hdf5Object, openHdf5 } from '../hdf5/hdf5.ts';
import { parseJson } from '../parse_json.ts';
import type { ImportedModel } from '../tensorflow.ts';
import { type NamedTensor, snakeCase, tensorName, weightsFrom } from '../trained_model.ts';
import { isObject, type Json, networkIn } from './keras_json.ts';
import { classNames } from './keras_names.ts';
import { readKerasModel } from './read_keras.ts';

/** Members of a .keras archive. */
const kerasFiles = { config: 'config.json', metadata: 'metadata.json', weights: 'model.weights.h5' };

/** The members of a .keras archive, by name. */
export type KerasArchive = Record<string, Uint8Array>;

/** Unpacks a .keras file; returns undefined for another kind of file. */
export function kerasArchive(bytes: Uint8Array): KerasArchive | undefined {
  if (String.fromCharCode(...bytes.subarray(0, 4)) !== 'PK\x03\x04') return undefined;
  try {
    const names = new Set(Object.values(kerasFiles));
    const files = unzipSync(bytes, { filter: ({ name }) => names.has(name) });
    return files[kerasFiles.config] ? files : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads a model saved by Keras 3: .keras.
 *
 * @param archive from `kerasArchive`.
 * @throws DataError if the file is damaged, contains layers that wgrad doesn't have, or has weights that don't fit (with both
 *   shapes).
 */
export function parseKerasArchive(archive: KerasArchive, name: string): ImportedModel {
  const json = jsonIn(archive[kerasFiles.config]!, `${kerasFiles.config} in ${name}`);
  const about = archive[kerasFiles.metadata] && jsonIn(archive[kerasFiles.metadata]!, kerasFiles.metadata);
  const read = readKerasModel(json, name, isObject(about) ? about.keras_version : undefined);
  const weights = archive[kerasFiles.weights];
  if (!weights) return read;
  return { ...read, weights: opened(weights, name, (root) => weightsOf(root, read.model, name, json)) };
}

/**
 * Reads a model from Keras' HDF5 files: an .h5 that includes the network, or a file with only weights, as `save_weights` writes it
 * (.h5 or .weights.h5), for the given `model`.
 *
 * @throws DataError as parseKerasArchive does, and for a file with only weights if `model` is not given.
 */
export function parseKerasHdf5(bytes: Uint8Array, name: string, model?: Model): ImportedModel {
  return opened(bytes, name, (root) => {
    const config = textOf(root, 'model_config');
    const json = config === undefined ? undefined : parseJson(config, `model_config in ${name}`);
    const read = json === undefined ? { model, notes: [] } : readKerasModel(json, name, textOf(root, 'keras_version'));
    if (!read.model) {
      throw new DataError({
        what: `${name} has weights and no network`,
        found: `an HDF5 file without model_config: ${root.names.slice(0, 6).join(', ')}`,
        expected: 'a model that is saved whole, or the network beside it',
        fix: "save it with model.save('model.keras'), or give the network as --model",
      });
    }
    return { ...read, model: read.model, weights: weightsOf(root, read.model, name, json) };
  });
}

function opened<T>(bytes: Uint8Array, name: string, work: (root: Hdf5Object) => T): T {
  try {
    return work(openHdf5(bytes));
  } catch (cause) {
    if (!(cause instanceof Hdf5Error)) throw cause;
    throw new DataError(
      {
        what: `${name} is an HDF5 file that can't be read`,
        found: cause.message,
        expected: 'groups and datasets as h5py writes them for Keras',
        fix: 'use another copy of the file, or save the model again',
      },
      { cause },
    );
  }
}

const jsonIn = (bytes: Uint8Array, what: string): unknown => parseJson(new TextDecoder().decode(bytes), what);

const textsOf = (object: Hdf5Object, name: string): string[] | undefined => object.attribute(name)?.texts;
const textOf = (object: Hdf5Object, name: string): string | undefined => textsOf(object, name)?.[0];

/** A list of names, which Keras splits into numbered attributes if it is long. */
function namesOf(object: Hdf5Object, name: string): string[] | undefined {
  const whole = textsOf(object, name);
  if (whole) return whole;
  const parts: string[] = [];
  for (let i = 0; ; i++) {
    const part = textsOf(object, `${name}${i}`);
    if (!part) return i === 0 ? undefined : parts;
    parts.push(...part);
  }
}

/** A layer's arrays, in the order of its get_weights(). */
interface LayerWeights {
  layer: string;
  tensors: { name: string; value: Hdf5Object }[];
}

function weightsOf(root: Hdf5Object, model: Model, name: string, json: unknown): Float32Array[] {
  const group = root.member('model_weights') ?? root;
  const layers = namesOf(group, 'layer_names');
  const found = layers ? byLayerNames(group, layers, name) : byClasses(group, model, json);
  return weightsFrom(model, named(found, model), name);
}

/** Keras 2's layout: attributes list the layers, and for each layer the paths of its weights. */
function byLayerNames(group: Hdf5Object, layers: readonly string[], name: string): LayerWeights[] {
  return layers.map((layer) => {
    const own = group.member(layer);
    const paths = (own && namesOf(own, 'weight_names')) ?? [];
    const tensors = paths.map((path) => {
      const value = own!.member(path);
      if (!value) throw new DataError({ what: `${name} lacks weights that it lists`, found: `${layer}: ${path}` });
      return { name: path.replace(/:\d+$/, '').split('/').at(-1)!, value };
    });
    return { layer, tensors };
  });
}

/**
 * Keras 3's layout: layers/<numbered class name in snake case>/vars/<number>, in the order of the network's layers, independent of
 * the layers' names.
 */
function byClasses(group: Hdf5Object, model: Model, json: unknown): LayerWeights[] {
  const container = group.member('layers') ?? group.member('_layer_checkpoint_dependencies');
  if (!container) return [];
  const counts = new Map<string, number>();
  return kerasLayers(model, json).map(({ layer, className }) => {
    const base = className
      .replace(/\W+/g, '')
      .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
      .replace(/([a-z])([A-Z])/g, '$1_$2')
      .toLowerCase();
    const count = counts.get(base) ?? 0;
    counts.set(base, count + 1);
    const vars = container.member(`${count ? `${base}_${count}` : base}/vars`);
    const numbers = vars ? vars.names.filter((n) => /^\d+$/.test(n)).sort((a, b) => Number(a) - Number(b)) : [];
    return { layer, tensors: numbers.map((n) => ({ name: '', value: vars!.member(n)! })) };
  });
}

/** Names and classes of the network's layers, in order. Without Keras' JSON, wgrad's names are used. */
function kerasLayers(model: Model, json: unknown): { layer: string; className: string }[] {
  const outer = networkIn(json);
  const config = isObject(outer) && isObject(outer.config) ? outer.config.layers : undefined;
  if (Array.isArray(config)) {
    return (config as Json[]).map((layer) => {
      const own = isObject(layer.config) ? layer.config.name : undefined;
      return { layer: String(layer.name ?? own), className: String(layer.class_name) };
    });
  }
  return compileModel(model).layers.map(({ name, type }) => ({ layer: name, className: classNames[type] }));
}

/** Assigns wgrad's tensor names to the arrays: by their own names, or by their position within the layer. */
function named(found: readonly LayerWeights[], model: Model): NamedTensor[] {
  const { layers } = compileModel(model);
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  return found.flatMap(({ layer, tensors }) => {
    const specs = byName.get(layer)?.weights ?? [];
    const names = specs.map(({ name }) => snakeCase(name));
    const known = tensors.every(({ name }) => names.includes(name));
    return tensors.flatMap(({ name, value }, i) => {
      const { shape, numbers } = value.value();
      if (!numbers) return [];
      const own = known ? name : (names[i] ?? (name || String(i)));
      return { name: tensorName(layer, own), shape, data: numbers };
    });
  });
}
