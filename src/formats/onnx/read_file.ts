import { DataError } from '../../errors.ts';
import { float16 } from '../../float16.ts';
import { mostWeights } from '../trained_model.ts';
import { type Constant, elementsIn } from './constant.ts';
import {
  bytesIn,
  type Fields,
  fieldsOf,
  integerOf,
  integersOf,
  messagesOf,
  realsOf,
  textOf,
  textsOf,
  WireError,
} from './wire.ts';

/** Parsed content of an ONNX file. */
export interface OnnxFile {
  opset: number;
  producer: string;
  metadata: Record<string, string>;
  nodes: ReadNode[];
  constants: Map<string, Constant>;
  /** The graph's inputs, without its constants, and its outputs. */
  inputs: ReadValue[];
  outputs: ReadValue[];
}

export interface ReadNode {
  operator: string;
  /** '' for ONNX' own operators. */
  domain: string;
  name: string;
  inputs: string[];
  outputs: string[];
  attributes: Map<string, ReadAttribute>;
}

export interface ReadAttribute {
  number: number;
  integer: number;
  text: string;
  numbers: number[];
  integers: number[];
  /** Set if the attribute is a tensor. */
  tensor: (() => Constant) | undefined;
}

/** NaN in a shape stands for an axis of variable length. */
export interface ReadValue {
  name: string;
  shape: number[] | undefined;
  isBytes: boolean;
}

/** Whether bytes begin as ONNX files do: with the IR version field. */
export const mayBeOnnx = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x08 && bytes[1]! >= 1 && bytes[1]! < 64 && !isSavedModel(bytes);

/** Detects TensorFlow's saved_model.pb: schema version 1, then its graphs. */
export const isSavedModel = (bytes: Uint8Array): boolean => bytes[0] === 8 && bytes[1] === 1 && bytes[2] === 0x12;

/**
 * Reads a file according to onnx/onnx.proto, https://github.com/onnx/onnx.
 *
 * @param read returns the bytes of a file in the same folder, where exporters put large tensors.
 * @throws DataError if the file is not an ONNX model or is damaged.
 */
export function readFile(bytes: Uint8Array, name: string, read?: (path: string) => Uint8Array): OnnxFile {
  try {
    const model = fieldsOf(bytes);
    const graph = bytesIn(model, 7);
    if (!graph) throw new WireError('it has no graph');
    return { ...readModel(model), ...readGraph(fieldsOf(graph), read) };
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    throw new DataError(
      {
        what: `${name} is no ONNX model, or is damaged`,
        found: cause.message,
        expected: 'a ModelProto with a graph',
        fix: 'use another copy of the file',
      },
      { cause },
    );
  }
}

/** A field of StringStringEntryProtos as a dictionary. */
function entriesOf(fields: Fields, field: number): Record<string, string> {
  const entries = messagesOf(fields, field).map(fieldsOf);
  return Object.fromEntries(entries.map((entry) => [textOf(entry, 1), textOf(entry, 2)]));
}

function readModel(model: Fields) {
  const opsets = messagesOf(model, 8).map(fieldsOf);
  const own = opsets.find((set) => ['', 'ai.onnx'].includes(textOf(set, 1)));
  return {
    opset: own ? integerOf(own, 2) : 1,
    producer: textOf(model, 2),
    metadata: entriesOf(model, 14),
  };
}

function readGraph(graph: Fields, read?: (path: string) => Uint8Array) {
  const constants = new Map<string, Constant>();
  for (const bytes of messagesOf(graph, 5)) {
    const tensor = fieldsOf(bytes);
    constants.set(textOf(tensor, 8), readTensor(tensor, read));
  }
  const values = (field: number) => messagesOf(graph, field).map(readValue);
  return {
    constants,
    nodes: messagesOf(graph, 1).map((bytes) => readNode(fieldsOf(bytes), read)),
    inputs: values(11).filter(({ name }) => !constants.has(name)),
    outputs: values(12),
  };
}

function readNode(node: Fields, read?: (path: string) => Uint8Array): ReadNode {
  const attributes = messagesOf(node, 5).map((bytes): [string, ReadAttribute] => {
    const fields = fieldsOf(bytes);
    const tensor = bytesIn(fields, 5);
    return [
      textOf(fields, 1),
      {
        number: realsOf(fields, 2, 4).at(-1) ?? 0,
        integer: integerOf(fields, 3),
        text: textOf(fields, 4),
        numbers: realsOf(fields, 7, 4),
        integers: integersOf(fields, 8),
        tensor: tensor && (() => readTensor(fieldsOf(tensor), read)),
      },
    ];
  });
  const domain = textOf(node, 7);
  return {
    operator: textOf(node, 4),
    domain: domain === 'ai.onnx' ? '' : domain,
    name: textOf(node, 3),
    inputs: textsOf(node, 1),
    outputs: textsOf(node, 2),
    attributes: new Map(attributes),
  };
}

/** Reads the ValueInfoProto of a tensor. */
function readValue(bytes: Uint8Array): ReadValue {
  const value = fieldsOf(bytes);
  const type = fieldsOf(bytesIn(value, 2) ?? new Uint8Array());
  const tensor = bytesIn(type, 1);
  const fields = fieldsOf(tensor ?? new Uint8Array());
  const shape = bytesIn(fields, 2);
  const axes = shape && messagesOf(fieldsOf(shape), 1).map((axis) => integerOf(fieldsOf(axis), 1, Number.NaN));
  // Exporters write 0 or -1 for unknown lengths.
  const known = axes?.map((length) => (length > 0 ? length : Number.NaN));
  return { name: textOf(value, 1), shape: known, isBytes: integerOf(fields, 1) === 2 };
}

const reader = {
  1: { bytes: 4, at: (view: DataView, i: number) => view.getFloat32(4 * i, true) },
  2: { bytes: 1, at: (view: DataView, i: number) => view.getUint8(i) },
  3: { bytes: 1, at: (view: DataView, i: number) => view.getInt8(i) },
  4: { bytes: 2, at: (view: DataView, i: number) => view.getUint16(2 * i, true) },
  5: { bytes: 2, at: (view: DataView, i: number) => view.getInt16(2 * i, true) },
  6: { bytes: 4, at: (view: DataView, i: number) => view.getInt32(4 * i, true) },
  7: { bytes: 8, at: (view: DataView, i: number) => Number(view.getBigInt64(8 * i, true)) },
  9: { bytes: 1, at: (view: DataView, i: number) => view.getUint8(i) },
  10: { bytes: 2, at: (view: DataView, i: number) => float16(view.getUint16(2 * i, true)) },
  11: { bytes: 8, at: (view: DataView, i: number) => view.getFloat64(8 * i, true) },
} as const;
/** Whether a TensorProto data type is float, float16 or double. */
export const isFloatType = (type: number): boolean => [1, 10, 11].includes(type);

/** Reads a TensorProto: its numbers are in a typed field, in raw bytes, or in another file in the same folder. */
export function readTensor(tensor: Fields, read?: (path: string) => Uint8Array): Constant {
  const name = textOf(tensor, 8);
  const shape = integersOf(tensor, 1);
  const type = integerOf(tensor, 2) as keyof typeof reader;
  const stored = Object.hasOwn(reader, type) ? reader[type] : undefined;
  const elements = elementsIn(shape);
  if (!stored) throw new WireError(`the tensor ${name} is of type ${type}, which wgrad doesn't read`);
  if (!shape.every((n) => n >= 0) || !(elements <= mostWeights)) {
    throw new WireError(`the tensor ${name} has the shape [${shape.join(', ')}]`);
  }
  const isFloat = isFloatType(type);
  const raw = integerOf(tensor, 14) === 1 ? external(tensor, name, elements * stored.bytes, read) : bytesIn(tensor, 9);
  if (raw) {
    if (raw.length !== elements * stored.bytes) throw wrongLength(name, shape, `${raw.length} bytes`);
    // Fast path for float32, the type of most weights.
    if (type === 1) return { shape, isFloat, data: new Float64Array(new Float32Array(new Uint8Array(raw).buffer)) };
    const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
    return { shape, isFloat, data: Float64Array.from({ length: elements }, (_, i) => stored.at(view, i)) };
  }
  const numbers =
    type === 1
      ? realsOf(tensor, 4, 4)
      : type === 11
        ? realsOf(tensor, 10, 8)
        : type === 7
          ? integersOf(tensor, 7)
          : integersOf(tensor, 5);
  if (numbers.length !== elements) throw wrongLength(name, shape, `${numbers.length} numbers`);
  return { shape, isFloat, data: Float64Array.from(numbers, (n) => (type === 10 ? float16(n & 0xffff) : n)) };
}

const wrongLength = (name: string, shape: readonly number[], found: string) =>
  new WireError(`the tensor ${name} [${shape.join(', ')}] has ${found}`);

/** PyTorch puts large tensors into a file next to the model. */
function external(tensor: Fields, name: string, bytes: number, read?: (path: string) => Uint8Array): Uint8Array {
  const { location = '', offset = '0', length = String(bytes) } = entriesOf(tensor, 13);
  if (!read) throw new WireError(`the tensor ${name} lies in the file ${location}, which is not there`);
  const file = read(location);
  const [begin, end] = [Number(offset), Number(offset) + Number(length)];
  if (!(begin >= 0 && end <= file.length)) throw new WireError(`the tensor ${name} lies beyond the end of ${location}`);
  return file.subarray(begin, end);
}
