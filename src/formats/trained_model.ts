import { ConfigurationError, DataError } from '../errors.ts';
import type { PictureLevels } from '../image_source.ts';
import { type CompiledModel, compileModel, type Model } from '../model/graph.ts';
import { elementsOf } from '../model/initializers.ts';
import { type PictureFit, pictureFits } from '../picture_fit.ts';

/** A network and its weights: the content of every model format. */
export interface TrainedModel {
  /** The network. */
  model: Model;
  /** Weights in Keras' order and layout, as returned by `trainer.getWeights()`. */
  weights: readonly Float32Array[];
  /** Class names in the order of the probabilities. */
  classNames?: readonly string[];
  /**
   * Factor by which the bytes 0 to 255 of an image are multiplied before the network. `null` if a factor is not enough, because the
   * training also centered or whitened its images. Default 1 / 255.
   */
  rescale?: number | null;
  /** How pictures become images: how they are fitted (default `'cover'`), and the range that 16-bit ones are stretched from. */
  pictures?: { fit?: PictureFit; levels?: PictureLevels };
}

/** Default of `trained.rescale`: maps bytes to 0 to 1. */
export const defaultRescale = 1 / 255;

/** Describes the network's input images, for a file's documentation. */
export const describeInput = ({ rescale = defaultRescale }: Pick<TrainedModel, 'rescale'>): string =>
  rescale === null
    ? 'centered or whitened as they were in the training'
    : `bytes 0 to 255 times ${rescale === defaultRescale ? '1 / 255, so from 0 to 1' : rescale}`;

/** Maximum number of weights: a browser can't train larger models, so a file with more is damaged or not a model. */
export const mostWeights = 2 ** 28;

/** Class names, rescale factor and the preparation of pictures from a file's metadata. Values of other types are ignored. */
export const metadataOf = (
  classNames: unknown,
  rescale: unknown,
  pictures?: unknown,
): Pick<TrainedModel, 'classNames' | 'rescale' | 'pictures'> => ({
  ...(Array.isArray(classNames) && classNames.every((name) => typeof name === 'string') && { classNames }),
  ...((rescale === null || Number.isFinite(rescale)) && { rescale: rescale as number | null }),
  ...preparationOf(pictures),
});

const isLevel = (value: unknown): value is number => Number.isFinite(value) && (value as number) >= 0;

function preparationOf(pictures: unknown): Pick<TrainedModel, 'pictures'> {
  if (typeof pictures !== 'object' || pictures === null) return {};
  const { fit, levels } = pictures as { fit?: PictureFit; levels?: Partial<PictureLevels> | null };
  const { from, to } = levels ?? {};
  const known = {
    ...(fit !== undefined && pictureFits.includes(fit) && { fit }),
    ...(isLevel(from) && isLevel(to) && to <= 65535 && { levels: { from, to } }),
  };
  return Object.keys(known).length > 0 ? { pictures: known } : {};
}

/** A tensor as other programs store it: float32 in row-major order. */
export interface NamedTensor {
  name: string;
  shape: readonly number[];
  data: Float32Array;
}

/** Converts to Keras' spelling: movingMean -> moving_mean. */
export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
/** Converts to wgrad's spelling: moving_mean -> movingMean. */
export const camelCase = (name: string): string =>
  name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Full name of a layer's tensor, as in the model and in Keras: batch_normalization.moving_mean. */
export const tensorName = (layer: string, tensor: string, separator = '.'): string =>
  `${layer}${separator}${snakeCase(tensor)}`;

/** @throws ConfigurationError for a model that is invalid, or weights that don't belong to it. */
export function compileTrained({ model, weights }: TrainedModel): CompiledModel {
  const compiled = compileModel(model);
  const { tensors, layers } = compiled;
  if (weights?.length !== tensors.length) {
    throw new ConfigurationError({
      what: 'The weights are those of another model',
      found: `${weights?.length} arrays`,
      expected: `${tensors.length}, one for each tensor of the model`,
    });
  }
  tensors.forEach(({ layer, spec }, i) => {
    if (weights[i]?.length === elementsOf(spec)) return;
    throw new ConfigurationError({
      what: `The weights of ${tensorName(layers[layer]!.name, spec.name)} don't fit`,
      found: `${weights[i]?.length} numbers`,
      expected: `[${spec.shape.join(', ')}], ${elementsOf(spec)} numbers`,
    });
  });
  return compiled;
}

/** The tensors of a model with their full names, in Keras' order and layout. */
export function namedTensors(trained: TrainedModel, separator = '.'): NamedTensor[] {
  const { tensors, layers } = compileTrained(trained);
  return tensors.map(({ layer, spec }, i) => ({
    name: tensorName(layers[layer]!.name, spec.name, separator),
    shape: spec.shape,
    data: trained.weights[i]!,
  }));
}

const mostListed = 12;

/** Joins problems for an error message: lists the first few and counts the others. */
export function listed(wrong: readonly string[]): string {
  const more = wrong.length > mostListed ? `; and ${wrong.length - mostListed} more` : '';
  return `${wrong.slice(0, mostListed).join('; ')}${more}`;
}

/**
 * Assigns tensors named after a model's layers to its weights: "conv2d.kernel", or in TensorFlow's style "conv2d/kernel",
 * "conv2d/kernel:0" or "model/conv2d/kernel".
 *
 * @param name of the file, for errors.
 * @throws DataError that lists every tensor that is missing, belongs to no layer, or has another shape.
 */
export function weightsFrom(model: Model, tensors: readonly NamedTensor[], name: string): Float32Array[] {
  const compiled = compileModel(model);
  const expected = new Map(
    compiled.tensors.map(({ layer, spec }) => [tensorName(compiled.layers[layer]!.name, spec.name), spec]),
  );
  const found = new Map<string, NamedTensor>();
  const wrong: string[] = [];
  for (const tensor of tensors) {
    const known = knownName(tensor.name, expected);
    if (known === undefined) wrong.push(`${tensor.name} does not belong to a layer`);
    else if (found.has(known)) wrong.push(`${known} occurs twice`);
    else found.set(known, tensor);
  }
  const weights: Float32Array[] = [];
  for (const [key, { shape }] of expected) {
    const tensor = found.get(key);
    if (!tensor) wrong.push(`${key} [${shape.join(', ')}] is missing`);
    else if (tensor.shape.join() !== shape.join()) {
      wrong.push(`${key} is [${tensor.shape.join(', ')}], the layer's [${shape.join(', ')}]`);
    } else weights.push(tensor.data);
  }
  if (wrong.length === 0) return weights;
  throw new DataError({
    what: `The weights in ${name} don't fit the model: ${listed(wrong)}`,
    found: `${tensors.length} tensors`,
    expected: `${expected.size}, with the names and shapes of the model's layers`,
    fix: 'use weights and a model that were saved together',
  });
}

function knownName(name: string, expected: ReadonlyMap<string, unknown>): string | undefined {
  if (expected.has(name)) return name;
  const parts = name.replace(/:\d+$/, '').split('/');
  const tensor = parts.pop();
  // A layer's name may contain slashes; the part before it is the name of a model or a scope.
  for (let from = 0; from < parts.length; from++) {
    for (let to = parts.length; to > from; to--) {
      const key = `${parts.slice(from, to).join('/')}.${tensor}`;
      if (expected.has(key)) return key;
    }
  }
  return undefined;
}

/** The bytes of numbers in little-endian order, which all machines with WebGPU use. Preserves the bits of NaNs. */
export const bytesOf = (numbers: Float32Array | BigInt64Array): Uint8Array =>
  new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);

/** An exported file; some formats consist of several. */
export interface ModelFile {
  /** File name without folders. */
  name: string;
  /** Its content. */
  bytes: Uint8Array<ArrayBuffer>;
}

export const textFile = (name: string, text: string): ModelFile => ({ name, bytes: new TextEncoder().encode(text) });
