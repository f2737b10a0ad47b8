import { concatenated } from '../concatenated.ts';
import { DataError } from '../errors.ts';
import { float16 } from '../float16.ts';
import { product } from '../product.ts';
import { isObject } from './keras/keras_json.ts';
import { kerasModel } from './keras/keras_layers.ts';
import { readKerasModel } from './keras/read_keras.ts';
import { parseJson } from './parse_json.ts';
import {
  bytesOf,
  compileTrained,
  type ModelFile,
  metadataOf,
  type NamedTensor,
  type TrainedModel,
  tensorName,
  textFile,
  weightsFrom,
} from './trained_model.ts';

const weightsFile = 'weights.bin';

/**
 * Exports a model as a TensorFlow.js layers model: `model.json` and `weights.bin` in the same folder. Load it with
 * `tf.loadLayersModel`. Images are floats [batch, height, width, channels].
 *
 * @throws ConfigurationError for layers that TensorFlow.js doesn't have, with all of them, or weights that don't belong to the
 *   model.
 */
export function formatTensorflow(trained: TrainedModel): ModelFile[] {
  const model = compileTrained(trained);
  const { input, layers, output, names } = kerasModel(model, 'tfjs');
  const tensors = model.tensors.map(({ layer, spec }, i) => ({
    name: tensorName(names[layer]!, spec.name, '/'),
    shape: spec.shape,
    data: trained.weights[i]!,
  }));
  const weights = new Uint8Array(tensors.reduce((sum, { data }) => sum + data.byteLength, 0));
  let at = 0;
  for (const { data } of tensors) {
    weights.set(bytesOf(data), at);
    at += data.byteLength;
  }
  const topology = {
    class_name: 'Functional',
    config: {
      name: 'wgrad',
      trainable: true,
      layers: [
        {
          class_name: 'InputLayer',
          name: input,
          config: { batch_input_shape: [null, ...model.inputShape], dtype: 'float32', sparse: false, name: input },
          inbound_nodes: [],
        },
        ...layers.map(({ className, name, config, inputs }) => ({
          class_name: className,
          name,
          config: { ...config, dtype: 'float32' },
          inbound_nodes: [inputs.map((from) => [from, 0, 0, {}])],
        })),
      ],
      input_layers: [[input, 0, 0]],
      output_layers: [[output, 0, 0]],
    },
    keras_version: 'tfjs-layers 4.22.0',
    backend: 'tensor_flow.js',
  };
  const json = {
    format: 'layers-model',
    generatedBy: 'wgrad',
    convertedBy: null,
    modelTopology: topology,
    weightsManifest: [
      { paths: [weightsFile], weights: tensors.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })) },
    ],
    userDefinedMetadata: {
      model: trained.model,
      ...(trained.classNames && { classNames: trained.classNames }),
      ...(trained.rescale !== undefined && { rescale: trained.rescale }),
      ...(trained.pictures && { pictures: trained.pictures }),
    },
  };
  return [textFile('model.json', JSON.stringify(json)), { name: weightsFile, bytes: weights }];
}

/** An imported model, with notes on what was left out. It has no weights if the file describes only the network. */
export interface ImportedModel extends Omit<TrainedModel, 'weights'> {
  /** Weights in the order of `getWeights`; undefined if the file contains only a network. */
  weights?: Float32Array[];
  /** Readable notes on differences from the file, such as ignored options. */
  notes: string[];
}

/** Whether a JSON file is a TensorFlow.js model: a layers model or a graph model. */
export const isTensorflow = (json: unknown): json is Record<string, unknown> =>
  isObject(json) && ('modelTopology' in json || 'weightsManifest' in json);

/**
 * Reads a TensorFlow.js layers model.
 *
 * @param json the content of `model.json`.
 * @param read returns the bytes of a weights file in the same folder; if omitted, the network is read without weights.
 * @param name of the file, for errors.
 * @throws DataError for a graph model, for layers that wgrad doesn't have (with all of them), or for weights that are missing,
 *   truncated or of other shapes.
 */
export function parseTensorflow(
  json: unknown,
  read: ((path: string) => Uint8Array) | undefined,
  name: string,
): ImportedModel {
  if (
    !isTensorflow(json) ||
    json.format === 'graph-model' ||
    (isObject(json.modelTopology) && 'node' in json.modelTopology)
  ) {
    throw new DataError({
      what: `${name} is not a TensorFlow.js layers model`,
      found: isTensorflow(json) ? 'a graph model: operations instead of layers' : json,
      expected: 'a model.json of the format layers-model',
      fix: 'convert it with tensorflowjs_converter --output_format tfjs_layers_model',
    });
  }
  const topology =
    typeof json.modelTopology === 'string'
      ? parseJson(json.modelTopology, `The topology in ${name}`)
      : json.modelTopology;
  const { model, notes } = readKerasModel(topology, name);
  const { classNames, rescale, pictures } = isObject(json.userDefinedMetadata) ? json.userDefinedMetadata : {};
  const about = metadataOf(classNames, rescale, pictures);
  if (!read || json.weightsManifest === undefined || json.weightsManifest === null) return { model, notes, ...about };
  const tensors = readManifest(json.weightsManifest, read, name);
  return { model, notes, ...about, weights: weightsFrom(model, tensors, name) };
}

interface ManifestTensor {
  name: string;
  shape: number[];
  dtype: string;
  quantization?: { dtype: string; scale?: number; min?: number };
}

const isCount = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 0;
const isTensor = (value: unknown): value is ManifestTensor =>
  isObject(value) &&
  typeof value.name === 'string' &&
  Array.isArray(value.shape) &&
  value.shape.every(isCount) &&
  typeof value.dtype === 'string';

/** Reads the tensors of all groups. The tensors of a group are stored in its concatenated files. */
function readManifest(manifest: unknown, read: (path: string) => Uint8Array, name: string): NamedTensor[] {
  const invalid = (found: unknown) =>
    new DataError({ what: `${name} has a weightsManifest that is invalid`, found, expected: '[{ paths, weights }]' });
  if (!Array.isArray(manifest)) throw invalid(manifest);
  return manifest.flatMap((group: unknown) => {
    const { paths, weights } = isObject(group) ? group : {};
    if (!Array.isArray(paths) || !paths.every((path) => typeof path === 'string')) throw invalid(group);
    if (!Array.isArray(weights) || !weights.every(isTensor)) throw invalid(group);
    const data = concatenated(Uint8Array, paths.map(read));
    let at = 0;
    return weights.map((tensor) => {
      const { dtype, bytes } = storedAs(tensor, name);
      const elements = product(tensor.shape);
      const end = at + elements * bytes;
      if (!(end <= data.length)) {
        throw new DataError({
          what: `The weights of ${name} are truncated`,
          found: `${data.length} bytes in ${paths.join(', ')}`,
          expected: `at least ${end}, for ${tensor.name} [${tensor.shape.join(', ')}]`,
          fix: 'use weights that were saved together with the model',
        });
      }
      const own = new Uint8Array(data.subarray(at, end)).buffer;
      at = end;
      return { name: tensor.name, shape: tensor.shape, data: dequantized(own, dtype, tensor.quantization) };
    });
  });
}

const sizes: Record<string, number> = { float32: 4, uint8: 1, uint16: 2, float16: 2 };

/** Storage format of a tensor's numbers: TensorFlow.js can quantize to 8-bit or 16-bit integers, or to half precision. */
function storedAs(
  { name: tensor, dtype, quantization }: ManifestTensor,
  name: string,
): { dtype: string; bytes: number } {
  const stored = quantization ? String(quantization.dtype) : dtype;
  if (dtype === 'float32' && Object.hasOwn(sizes, stored) && (quantization || stored === 'float32')) {
    return { dtype: stored, bytes: sizes[stored]! };
  }
  throw new DataError({
    what: `The weights of ${name} have a type that wgrad does not read`,
    found: `${tensor}: ${dtype}${quantization ? ` as ${stored}` : ''}`,
    expected: 'float32, or float32 quantized to uint8, uint16 or float16',
  });
}

function dequantized(buffer: ArrayBuffer, dtype: string, quantization: ManifestTensor['quantization']): Float32Array {
  if (dtype === 'float32') return new Float32Array(buffer);
  if (dtype === 'float16') return Float32Array.from(new Uint16Array(buffer), float16);
  const { scale = 1, min = 0 } = quantization!;
  return Float32Array.from(
    dtype === 'uint8' ? new Uint8Array(buffer) : new Uint16Array(buffer),
    (n) => n * scale + min,
  );
}
