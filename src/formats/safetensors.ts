import { DataError } from '../errors.ts';
import { float16 } from '../float16.ts';
import { compileModel, type Model } from '../model/graph.ts';
import { product } from '../product.ts';
import { parseJson } from './parse_json.ts';
import {
  bytesOf,
  metadataOf,
  type NamedTensor,
  namedTensors,
  type TrainedModel,
  weightsFrom,
} from './trained_model.ts';

// https://github.com/huggingface/safetensors: 8 bytes with the length of the header, a JSON header with dtype, shape and position
// of each tensor, then the tensors. Numbers are little-endian.

const preamble = 8;
/** The format's limit for the header size. */
const mostHeaderBytes = 100_000_000;

/**
 * Exports a model with its weights as a safetensors file. Tensors are float32 in Keras' layout, named by layer and Keras' tensor
 * name: "conv2d.kernel". The metadata contains the model (`model`, JSON), `class_names` (JSON), `rescale` and `pictures` (JSON).
 *
 * @throws ConfigurationError for a model that is invalid, or weights that don't belong to it.
 */
export function formatSafetensors(trained: TrainedModel): Uint8Array<ArrayBuffer> {
  const { model, classNames, rescale, pictures } = trained;
  return packSafetensors(namedTensors(trained), {
    format: 'wgrad',
    model: JSON.stringify(model),
    ...(classNames && { class_names: JSON.stringify(classNames) }),
    ...(rescale !== undefined && { rescale: JSON.stringify(rescale) }),
    ...(pictures && { pictures: JSON.stringify(pictures) }),
  });
}

/** Packs tensors as a safetensors file. */
export function packSafetensors(
  tensors: readonly NamedTensor[],
  metadata: Record<string, string>,
): Uint8Array<ArrayBuffer> {
  const entries: [string, unknown][] = [['__metadata__', metadata]];
  let end = 0;
  for (const { name, shape, data } of tensors) {
    const begin = end;
    end += data.byteLength;
    entries.push([name, { dtype: 'F32', shape, data_offsets: [begin, end] }]);
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(preamble + headerBytes + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.fill(0x20, preamble, preamble + headerBytes);
  file.set(json, preamble);
  let at = preamble + headerBytes;
  for (const { data } of tensors) {
    file.set(bytesOf(data), at);
    at += data.byteLength;
  }
  return file;
}

/** Whether a file begins as safetensors files do. */
export function isSafetensors(file: Uint8Array): boolean {
  if (file.length <= preamble) return false;
  const length = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  return length <= BigInt(Math.min(file.length, mostHeaderBytes)) && file[preamble] === 0x7b;
}

/**
 * Reads a model and its exact weights from a safetensors file.
 *
 * @param options `name`: name of the file, for errors; `model`: the network that the tensors belong to, if the file does not
 *   contain it, as with files from other programs.
 * @throws DataError if the file is not a safetensors file, is damaged, or has tensors that don't fit the model; ConfigurationError
 *   for a model that is invalid.
 */
export function parseSafetensors(
  file: Uint8Array,
  { name = 'The file', model }: { name?: string; model?: Model } = {},
): TrainedModel {
  const { tensors, metadata } = unpackSafetensors(file, name);
  const entry = <T>(key: string): T | undefined =>
    metadata[key] === undefined ? undefined : parseJson<T>(metadata[key], `${name}: its ${key}`);
  const own = model ?? entry<Model>('model');
  if (!own) {
    throw new DataError({
      what: `${name} has tensors but no model`,
      found: Object.keys(metadata).length ? `metadata of ${Object.keys(metadata).join(', ')}` : 'no metadata',
      expected: 'wgrad\'s model as JSON in its metadata, as "model"',
      fix: 'pass the model as well, or choose a file that wgrad has written',
    });
  }
  compileModel(own);
  return {
    model: own,
    weights: weightsFrom(own, tensors, name),
    ...metadataOf(entry('class_names'), entry('rescale'), entry('pictures')),
  };
}

/** Reads the tensors of any safetensors file with floating-point data, as float32, and its metadata. @throws DataError */
function unpackSafetensors(
  file: Uint8Array,
  name: string,
): { tensors: NamedTensor[]; metadata: Record<string, string> } {
  if (!isSafetensors(file)) {
    throw new DataError({
      what: `${name} is not a safetensors file`,
      found: file.length <= preamble ? `${file.length} bytes` : 'no JSON header of a valid length at its beginning',
      expected: '8 bytes with the length of a JSON header, the header, and tensors',
    });
  }
  const headerBytes = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const at = preamble + headerBytes;
  if (at > file.length) throw cutShort(name, file.length, at);
  const text = new TextDecoder().decode(file.subarray(preamble, at));
  const header = parseJson<Record<string, unknown>>(text, `The header of ${name}`);
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isTexts(metadata)) {
    throw new DataError({ what: `The metadata of ${name} is invalid`, found: metadata, expected: 'names and texts' });
  }
  const data = file.subarray(at);
  const tensors = Object.entries(entries).map(([tensor, entry]) => readTensor(tensor, entry, data, name));
  const bytes = Object.values(entries).reduce((sum: number, entry) => {
    const [begin, end] = (entry as Entry).data_offsets;
    return sum + end - begin;
  }, 0);
  if (bytes !== data.length) {
    throw new DataError({
      what: `The length of ${name} does not match its tensors`,
      found: `${data.length} bytes of tensors`,
      expected: `${bytes}, each of them in one tensor`,
      fix: 'use another copy of the file',
    });
  }
  return { tensors, metadata };
}

const isTexts = (value: unknown): value is Record<string, string> =>
  typeof value === 'object' && value !== null && Object.values(value).every((text) => typeof text === 'string');

const cutShort = (name: string, found: number, expected: number) =>
  new DataError({
    what: `${name} is truncated`,
    found: `${found} bytes`,
    expected: `at least ${expected}`,
    fix: 'use another copy of the file',
  });

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

const isCount = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 0;

function readTensor(tensor: string, value: unknown, data: Uint8Array, name: string): NamedTensor {
  const entry = value as Entry | null;
  const { shape, data_offsets: offsets, dtype } = entry ?? ({} as Entry);
  const valid = Array.isArray(shape) && shape.every(isCount) && Array.isArray(offsets) && offsets.every(isCount);
  const decode = Object.hasOwn(decoders, dtype) ? decoders[dtype as keyof typeof decoders] : undefined;
  const elements = valid ? product(shape) : 0;
  const [begin, end] = valid ? offsets : [0, 0];
  if (!valid || offsets.length !== 2 || !decode || end - begin !== elements * decode.bytes) {
    throw new DataError({
      what: `The tensor ${tensor} of ${name} is invalid`,
      found: entry,
      expected: `a dtype of ${Object.keys(decoders).join(', ')}, a shape, and data_offsets with as many bytes`,
    });
  }
  if (end > data.length) throw cutShort(name, data.length, end);
  // Copy the bytes so that the numbers are aligned. (Slicing a Node Buffer would not copy.)
  const bytes = new Uint8Array(data.subarray(begin, end));
  return { name: tensor, shape, data: decode.read(bytes.buffer) };
}

/** Converts another type to float32 by computing its bits. */
const fromBits = (length: number, bits: (i: number) => number): Float32Array => {
  const words = new Uint32Array(length);
  for (let i = 0; i < length; i++) words[i] = bits(i);
  return new Float32Array(words.buffer);
};

const decoders = {
  F32: { bytes: 4, read: (buffer: ArrayBuffer) => new Float32Array(buffer) },
  F64: { bytes: 8, read: (buffer: ArrayBuffer) => Float32Array.from(new Float64Array(buffer)) },
  F16: { bytes: 2, read: (buffer: ArrayBuffer) => Float32Array.from(new Uint16Array(buffer), float16) },
  BF16: {
    bytes: 2,
    read: (buffer: ArrayBuffer) => {
      const halves = new Uint16Array(buffer);
      return fromBits(halves.length, (i) => halves[i]! << 16);
    },
  },
};
