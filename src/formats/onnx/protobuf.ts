import { PbfWriter } from 'pbf';

// ONNX's protobuf; field numbers and types are those of onnx/onnx.proto, https://github.com/onnx/onnx.

/** TensorProto.DataType. */
const elementTypes = { float: 1, uint8: 2, int64: 7 } as const;
/** AttributeProto.AttributeType. */
const attributeTypes = { float: 1, int: 2, string: 3, ints: 7 } as const;

/** A constant of the graph, as raw bytes of the file. */
export interface Initializer {
  name: string;
  type: keyof typeof elementTypes;
  shape: readonly number[];
  bytes: Uint8Array;
}

/** An attribute: a string, an integer, a list of integers, or { float }. */
export type Attribute = string | number | readonly number[] | { float: number };

export interface OnnxNode {
  operator: string;
  name: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Record<string, Attribute>;
}

/** An input or output; a string in its shape is an axis of variable length. */
export interface OnnxValue {
  name: string;
  type: keyof typeof elementTypes;
  shape: readonly (number | string)[];
  about: string;
}

export interface OnnxGraph {
  name: string;
  nodes: readonly OnnxNode[];
  initializers: readonly Initializer[];
  input: OnnxValue;
  output: OnnxValue;
}

export interface OnnxModel {
  graph: OnnxGraph;
  irVersion: number;
  opset: number;
  producer: string;
  about: string;
  metadata: Record<string, string>;
}

/** Encodes a ModelProto. */
export function encodeOnnx(model: OnnxModel): Uint8Array<ArrayBuffer> {
  const writer = new PbfWriter();
  writer.writeVarintField(1, model.irVersion);
  writer.writeStringField(2, model.producer);
  writer.writeStringField(6, model.about);
  writer.writeMessage(7, writeGraph, model.graph);
  writer.writeMessage(8, (opset: number, inner: PbfWriter) => inner.writeVarintField(2, opset), model.opset);
  for (const entry of Object.entries(model.metadata)) writer.writeMessage(14, writeEntry, entry);
  return new Uint8Array(writer.finish());
}

function writeEntry([key, value]: [string, string], writer: PbfWriter): void {
  writer.writeStringField(1, key);
  writer.writeStringField(2, value);
}

function writeGraph({ nodes, name, initializers, input, output }: OnnxGraph, writer: PbfWriter): void {
  for (const node of nodes) writer.writeMessage(1, writeNode, node);
  writer.writeStringField(2, name);
  for (const initializer of initializers) writer.writeMessage(5, writeTensor, initializer);
  writer.writeMessage(11, writeValue, input);
  writer.writeMessage(12, writeValue, output);
}

function writeNode({ inputs, outputs, name, operator, attributes }: OnnxNode, writer: PbfWriter): void {
  for (const input of inputs) writer.writeStringField(1, input);
  for (const output of outputs) writer.writeStringField(2, output);
  writer.writeStringField(3, name);
  writer.writeStringField(4, operator);
  for (const attribute of Object.entries(attributes)) writer.writeMessage(5, writeAttribute, attribute);
}

function writeAttribute([name, value]: [string, Attribute], writer: PbfWriter): void {
  writer.writeStringField(1, name);
  if (typeof value === 'string') {
    writer.writeBytesField(4, new TextEncoder().encode(value));
    writer.writeVarintField(20, attributeTypes.string);
  } else if (typeof value === 'number') {
    writer.writeVarintField(3, value);
    writer.writeVarintField(20, attributeTypes.int);
  } else if ('float' in value) {
    writer.writeFloatField(2, value.float);
    writer.writeVarintField(20, attributeTypes.float);
  } else {
    for (const item of value) writer.writeVarintField(8, item);
    writer.writeVarintField(20, attributeTypes.ints);
  }
}

function writeTensor({ shape, type, name, bytes }: Initializer, writer: PbfWriter): void {
  for (const length of shape) writer.writeVarintField(1, length);
  writer.writeVarintField(2, elementTypes[type]);
  writer.writeStringField(8, name);
  writer.writeBytesField(9, bytes);
}

function writeValue(value: OnnxValue, writer: PbfWriter): void {
  writer.writeStringField(1, value.name);
  // A TypeProto with its tensor_type.
  writer.writeMessage(2, (_: OnnxValue, type: PbfWriter) => type.writeMessage(1, writeTensorType, value), value);
  writer.writeStringField(3, value.about);
}

function writeTensorType({ type, shape }: OnnxValue, writer: PbfWriter): void {
  writer.writeVarintField(1, elementTypes[type]);
  writer.writeMessage(2, writeShape, shape);
}

function writeShape(shape: OnnxValue['shape'], writer: PbfWriter): void {
  for (const length of shape) {
    writer.writeMessage(
      1,
      (_: unknown, axis: PbfWriter) => {
        if (typeof length === 'number') axis.writeVarintField(1, length);
        else axis.writeStringField(2, length);
      },
      undefined,
    );
  }
}
