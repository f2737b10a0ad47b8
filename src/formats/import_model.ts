import { unzipSync } from 'fflate';
import { DataError } from '../errors.ts';
import { compileModel, type Model } from '../model/graph.ts';
import { isHdf5 } from './hdf5/hdf5.ts';
import { isObject } from './keras/keras_json.ts';
import { readKerasModel } from './keras/read_keras.ts';
import { kerasArchive, parseKerasArchive, parseKerasHdf5 } from './keras/read_keras_weights.ts';
import { isSavedModel, mayBeOnnx } from './onnx/read_file.ts';
import { parseOnnx } from './onnx/read_onnx.ts';
import { isSafetensors, parseSafetensors } from './safetensors.ts';
import { type ImportedModel, isTensorflow, parseTensorflow } from './tensorflow.ts';
import type { ModelFile } from './trained_model.ts';

/** Options of `importModel`. */
export interface ImportOptions {
  /**
   * Returns the bytes of a file in the same folder: the weights referenced by a model.json. If omitted, only the network is read.
   */
  read?: (path: string) => Uint8Array;
  /** The network for a safetensors file without a model in its metadata, or for a Keras file with weights only. */
  model?: Model;
}

/**
 * Imports a model from an ONNX file, Keras' .keras or .h5, a safetensors file, the model.json of a TensorFlow.js layers model,
 * Keras' `to_json()` or wgrad's model JSON. The last two are networks without weights.
 *
 * @throws DataError if the file is none of these, with what it appears to be; if it contains layers or operators that wgrad doesn't
 *   have, with all of them; if weights don't fit, with both shapes. ConfigurationError for layers that don't fit together.
 */
export function importModel(
  { name, bytes }: Pick<ModelFile, 'name'> & { bytes: Uint8Array },
  options: ImportOptions = {},
): ImportedModel {
  if (isSafetensors(bytes)) {
    const { model } = options;
    const { weights, ...about } = parseSafetensors(bytes, { name, ...(model && { model }) });
    return { ...about, weights: [...weights], notes: [] };
  }
  if (mayBeOnnx(bytes)) return parseOnnx(bytes, name, options.read);
  if (isHdf5(bytes)) return parseKerasHdf5(bytes, name, options.model);
  const archive = kerasArchive(bytes);
  if (archive) return parseKerasArchive(archive, name);
  const json = jsonOf(bytes);
  if (isTensorflow(json)) return parseTensorflow(json, options.read, name);
  if (isObject(json) && 'layers' in json && 'inputShape' in json) {
    const model = json as unknown as Model;
    compileModel(model);
    return { model, notes: [] };
  }
  if (isObject(json) && ('class_name' in json || 'model_config' in json)) return readKerasModel(json, name);
  throw new DataError({
    what: `${name} is no model that wgrad can read`,
    found: seemsToBe(bytes, json),
    expected:
      "an ONNX, Keras (.keras, .h5) or safetensors file, a TensorFlow.js model.json, Keras' to_json() or wgrad's model as JSON",
  });
}

/**
 * Parses the bytes as JSON; undefined if they are not JSON. Keras' to_json() returns a string, which json.dump encodes a second
 * time.
 */
function jsonOf(bytes: Uint8Array): unknown {
  if (!/^\s*["[{]/.test(new TextDecoder().decode(bytes.subarray(0, 64)))) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === 'string' ? JSON.parse(value) : value;
  } catch {
    return undefined;
  }
}

/** Signatures of files that a user might mistake for a model. */
const beginnings: [string, string][] = [
  ['\x1f\x8b', 'a gzip file'],
  ['\x80', 'a Python pickle, as older PyTorch saves models (.pt, .pth)'],
  ['GIF8', 'a GIF picture'],
  ['RIFF', 'a RIFF file, as WebP pictures are'],
  ['BM', 'a BMP picture'],
  ['%PDF', 'a PDF document'],
  ['\x93NUMPY', 'a NumPy array (.npy)'],
  ['7z\xbc\xaf', 'a 7z archive'],
  ['GGUF', 'a GGUF file'],
  ['wgradrun', 'a run that wgrad has saved: it needs no import'],
  ['\x89PNG', 'a PNG picture'],
  ['\xff\xd8\xff', 'a JPEG picture'],
];

/** Determines the kind of a ZIP archive by the names in it. */
function zipOf(bytes: Uint8Array): string {
  const names: string[] = [];
  try {
    unzipSync(bytes, { filter: ({ name }) => names.push(name) < 0 });
  } catch {
    return 'a ZIP archive that is truncated or damaged';
  }
  if (names.some((name) => name.endsWith('.npy'))) return 'NumPy arrays (.npz): weights without a network';
  if (names.some((name) => name.endsWith('data.pkl'))) {
    return "PyTorch's file (.pt, .pth): a pickle, which only Python reads; export the model with torch.onnx.export";
  }
  return `a ZIP archive with ${names.slice(0, 4).join(', ') || 'nothing in it'}`;
}

function seemsToBe(bytes: Uint8Array, json: unknown): string {
  if (bytes.length === 0) return 'an empty file';
  if (isObject(json)) return `JSON with ${Object.keys(json).slice(0, 8).join(', ') || 'nothing in it'}`;
  if (json !== undefined) return 'JSON that is no object';
  const start = String.fromCharCode(...bytes.subarray(0, 8));
  const known = beginnings.find(([beginning]) => start.startsWith(beginning))?.[1];
  if (known) return known;
  if (bytes.subarray(4, 8).join() === '84,70,76,51') return 'a TensorFlow Lite file (.tflite)';
  if (start.startsWith('PK\x03\x04')) return zipOf(bytes);
  if (isSavedModel(bytes)) return "TensorFlow's SavedModel (.pb): operations, and no layers; save it as .keras";
  const text = new TextDecoder().decode(bytes.subarray(0, 512));
  if (/^\s*<(!doctype html|html|head)/i.test(text)) return 'an HTML page, as a download that failed gives one';
  if (/^version https:\/\/git-lfs/.test(text)) return 'a pointer of Git LFS: the file itself has not been fetched';
  return /^\s*["[{]/.test(start)
    ? 'JSON that is truncated or damaged'
    : `a file that begins with ${JSON.stringify(start)}`;
}
