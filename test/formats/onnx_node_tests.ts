import { WgradError } from '../../src/errors.ts';
import { readNetwork } from '../../src/formats/onnx/read_onnx.ts';
import type { Model } from '../../src/index.ts';
import { type CompiledModel, compileModel } from '../../src/model/graph.ts';

/** A test of the ONNX project, as test/fixtures/make_onnx_node_fixtures.py writes it: base64. */
export interface NodeTest {
  model: string;
  count: number;
  x: string;
  y: string;
}

const bytesFrom = (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const floatsFrom = (text: string) => new Float32Array(bytesFrom(text).buffer);

/** The network imported from a test's graph, with its images and outputs in the network's order. */
export function networkOf({ model: bytes, count, x, y }: NodeTest, name: string) {
  const { network, places } = readNetwork(bytesFrom(bytes), name);
  const [into, outOf] = places as [Int32Array, Int32Array];
  const ordered = (values: Float32Array, order: Int32Array) => {
    const size = values.length / count;
    const to = new Float32Array(values.length);
    values.forEach((value, i) => {
      to[i - (i % size) + order[i % size]!] = value;
    });
    return to;
  };
  const { layers, output } = compileModel(network.model);
  // A trainer's network ends in a vector.
  const isVector = layers[output]!.outputShape.length === 1;
  const end = isVector ? [] : [{ type: 'flatten' } as const];
  const model: Model = { ...network.model, layers: [...network.model.layers, ...end] };
  return { ...network, model, images: ordered(floatsFrom(x), into), expected: ordered(floatsFrom(y), outOf) };
}

/** The network of a test, or the reason why it can't be imported. */
export function read(one: NodeTest, name: string): ReturnType<typeof networkOf> | string {
  try {
    return networkOf(one, name);
  } catch (error) {
    if (!(error instanceof WgradError)) throw error;
    return error.message;
  }
}

/** The largest difference, relative for large numbers; NaN if a number is missing. Infinite values must be equal. */
export function difference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Number.NaN;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(found[i], expected[i])) continue;
    const off = Math.abs(found[i]! - expected[i]!) / Math.max(1, Math.abs(expected[i]!));
    if (!(off <= largest)) largest = off;
  }
  return largest;
}

/** Number of tests that can be imported: docs/onnx-tests.md lists them. */
export const passed = 317;

/** Applies the softmax that belongs to the loss to the last layer's output. */
export function withSoftmax({ lossActivation, layers, output }: CompiledModel, logits: Float32Array): Float32Array {
  if (lossActivation !== 'softmax') return logits;
  const classes = layers[output]!.outputShape[0]!;
  return logits.map((_, i) => {
    const row = logits.subarray(i - (i % classes), i - (i % classes) + classes);
    const most = Math.max(...row);
    return Math.exp(logits[i]! - most) / row.reduce((sum, z) => sum + Math.exp(z - most), 0);
  });
}
