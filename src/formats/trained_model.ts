import { ConfigurationError, DataError } from '../errors.ts';
import { type CompiledModel, compileModel, type Model } from '../model/graph.ts';
import { elementsOf } from '../model/initializers.ts';

/** A network and its weights: what every format of models carries. */
export interface TrainedModel {
  /** The network. */
  model: Model;
  /** Keras' order and layout, as `trainer.getWeights()` gives them. */
  weights: readonly Float32Array[];
  /** In the order of the probabilities. */
  classNames?: readonly string[];
  /**
   * The factor that the bytes 0 to 255 of an image are multiplied by before the network: 1 / 255 unless given. `null` where one
   * number is not enough, because the training also centered or whitened its images.
   */
  rescale?: number | null;
}

/** The default of `trained.rescale`: bytes become 0 to 1. */
export const defaultRescale = 1 / 255;

/** Describes the images that the network takes, for a file's documentation. */
export const describeInput = ({ rescale = defaultRescale }: Pick<TrainedModel, 'rescale'>): string =>
  rescale === null
    ? 'centered or whitened as they were in the training'
    : `bytes 0 to 255 times ${rescale === defaultRescale ? '1 / 255, so from 0 to 1' : rescale}`;

/** A model with more weights than that is not one that a browser trains: a file with larger tensors is damaged or no model. */
export const mostWeights = 2 ** 28;

/** The class names and the factor of the images in a file's metadata. Values of other types are ignored. */
export const metadataOf = (classNames: unknown, rescale: unknown): Pick<TrainedModel, 'classNames' | 'rescale'> => ({
  ...(Array.isArray(classNames) && classNames.every((name) => typeof name === 'string') && { classNames }),
  ...((rescale === null || Number.isFinite(rescale)) && { rescale: rescale as number | null }),
});

/** A tensor as other programs know it: float32 in row-major order. */
export interface NamedTensor {
  name: string;
  shape: readonly number[];
  data: Float32Array;
}

/** Keras' own spelling: movingMean -> moving_mean. */
export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
/** wgrad's spelling: moving_mean -> movingMean. */
export const camelCase = (name: string): string =>
  name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** A layer's tensor by the names that the model and Keras have for them: batch_normalization.moving_mean. */
export const tensorName = (layer: string, tensor: string, separator = '.'): string =>
  `${layer}${separator}${snakeCase(tensor)}`;

/** @throws ConfigurationError for a model that is invalid, or weights that are another model's. */
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

/** The tensors of a model with the names of their layers, in Keras' order and layout. */
export function namedTensors(trained: TrainedModel, separator = '.'): NamedTensor[] {
  const { tensors, layers } = compileTrained(trained);
  return tensors.map(({ layer, spec }, i) => ({
    name: tensorName(layers[layer]!.name, spec.name, separator),
    shape: spec.shape,
    data: trained.weights[i]!,
  }));
}

const mostListed = 12;

/** What is wrong with a file's parts, for an error: the first few one by one, the rest as a number. */
export function listed(wrong: readonly string[]): string {
  const more = wrong.length > mostListed ? `; and ${wrong.length - mostListed} more` : '';
  return `${wrong.slice(0, mostListed).join('; ')}${more}`;
}

/**
 * The weights of a model from tensors that are named after its layers: "conv2d.kernel", or as TensorFlow has it "conv2d/kernel",
 * "conv2d/kernel:0" or "model/conv2d/kernel".
 *
 * @param name of the file, for errors.
 * @throws DataError that lists every tensor that is missing, is of no layer, or has another shape.
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
    if (known === undefined) wrong.push(`${tensor.name} is of no layer`);
    else if (found.has(known)) wrong.push(`${known} is there twice`);
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
    fix: 'take the weights and the model from the same save',
  });
}

function knownName(name: string, expected: ReadonlyMap<string, unknown>): string | undefined {
  if (expected.has(name)) return name;
  const parts = name.replace(/:\d+$/, '').split('/');
  const tensor = parts.pop();
  // A layer's own name may have slashes; what stands before it is the name of a model or a scope.
  for (let from = 0; from < parts.length; from++) {
    for (let to = parts.length; to > from; to--) {
      const key = `${parts.slice(from, to).join('/')}.${tensor}`;
      if (expected.has(key)) return key;
    }
  }
  return undefined;
}

/** The bytes of numbers in the order of every machine that has WebGPU: little-endian. NaNs keep their bits. */
export const bytesOf = (numbers: Float32Array | BigInt64Array): Uint8Array =>
  new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);

/** A file of an export: several formats have more than one. */
export interface ModelFile {
  /** Without folders. */
  name: string;
  /** Its content. */
  bytes: Uint8Array<ArrayBuffer>;
}

export const textFile = (name: string, text: string): ModelFile => ({ name, bytes: new TextEncoder().encode(text) });
