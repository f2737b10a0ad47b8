import { DataError } from '../../errors.ts';
import type { ImportedModel } from '../tensorflow.ts';
import { listed, metadataOf } from '../trained_model.ts';
import { type Constant, elementsIn, isConstant, Unsupported } from './constant.ts';
import { foldConstants } from './fold_constants.ts';
import { NetworkBuilder } from './network_builder.ts';
import { type Operand, Operation, type Reader } from './operation.ts';
import { settled } from './pointwise.ts';
import { elementwiseReaders } from './read_elementwise.ts';
import { type OnnxFile, type ReadNode, readFile } from './read_file.ts';
import { layerReaders } from './read_layers.ts';
import { shapeReaders } from './read_shapes.ts';
import { windowReaders } from './read_windows.ts';
import { tidied } from './tidy.ts';
import { arranged, channelsFirstPlaces, inOrder, type Value } from './value.ts';
import { WireError } from './wire.ts';

const readers: Record<string, Reader> = { ...windowReaders, ...layerReaders, ...elementwiseReaders, ...shapeReaders };

/**
 * Reads an ONNX model as exported from PyTorch or Keras: one input of images or vectors, one output, and operators that map to
 * wgrad's layers. Constants are folded, shapes inferred, and kernels converted to wgrad's layout. Images [channels, height, width]
 * become [height, width, channels]; if the graph flattens them, the rows of the next kernel are reordered accordingly.
 *
 * @param read returns the bytes of a file in the same folder, where exporters put large tensors.
 * @param name of the file, for errors.
 * @throws DataError if the file is damaged, or contains operators that wgrad has no layer for, with all of them and their nodes.
 */
export function parseOnnx(bytes: Uint8Array, name: string, read?: (path: string) => Uint8Array): ImportedModel {
  const { network, notes, about } = readNetwork(bytes, name, read);
  return { ...network, notes, ...about };
}

/** Like parseOnnx, and also returns where the elements of the graph's input and output are in the network's. */
export function readNetwork(bytes: Uint8Array, name: string, read?: (path: string) => Uint8Array) {
  const file = readFile(bytes, name, read);
  const { input, output } = endsOf(file, name);
  const start = inputOf(file, input, name);
  const builder = new NetworkBuilder(start.inputShape);
  const first: Value = { layer: -1, shape: start.shape, places: start.places };
  const operands = new Map<string, Operand>([...file.constants, [input.name, first]]);
  readNodes(file, operands, builder, start.batch, name);
  const end = operands.get(output.name);
  if (!end || isConstant(end)) {
    throw new DataError({
      what: `The output of ${name} doesn't depend on its images`,
      found: output.name,
      expected: 'what a node of the graph computes from its input',
    });
  }
  try {
    builder.place = '';
    const last = ending(builder, settled(builder, end));
    const network = builder.finish(tidied(builder, last.layer));
    return { network, notes: start.notes, about: aboutOf(file, start.isBytes), places: [start.places, last.places] };
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error;
    throw unknownOperators([`${output.name} (the output, ${error.message})`], file.nodes.length, name);
  }
}

/** Adds the outputs of each node to the operands. @throws DataError that names every node that can't be converted. */
function readNodes(
  file: OnnxFile,
  operands: Map<string, Operand>,
  builder: NetworkBuilder,
  batch: number,
  name: string,
): void {
  const wrong: string[] = [];
  const failed = new Set<string>();
  for (const node of file.nodes) {
    const label = `${node.name || node.outputs[0] || 'a node'} (${node.operator}`;
    builder.place = placeOf(node, file);
    try {
      const results = readNode(node, operands, failed, builder, file.opset, batch);
      node.outputs.forEach((output, i) => {
        if (results[i]) operands.set(output, results[i]);
        else failed.add(output);
      });
    } catch (error) {
      for (const output of node.outputs) failed.add(output);
      if (error instanceof Follows) continue;
      if (!(error instanceof Unsupported || error instanceof WireError)) throw error;
      wrong.push(error.message ? `${label}, ${error.message})` : `${label})`);
    }
  }
  if (wrong.length > 0) throw unknownOperators(wrong, file.nodes.length, name);
}

/** A node that depends on an unsupported one: it may itself be supported, so the error doesn't list it. */
class Follows extends Error {}

function readNode(
  node: ReadNode,
  operands: ReadonlyMap<string, Operand>,
  failed: ReadonlySet<string>,
  builder: NetworkBuilder,
  opset: number,
  batch: number,
): readonly Operand[] {
  const { operator, domain } = node;
  const reader = Object.hasOwn(readers, operator) ? readers[operator]! : undefined;
  const inputs = node.inputs.map((name) => (name === '' ? undefined : operands.get(name)));
  const constants = inputs.filter((input): input is Constant => input !== undefined && isConstant(input));
  if (domain !== '') throw new Unsupported(`of ${domain}`);
  if (node.inputs.some((name) => failed.has(name))) {
    if (!reader) throw new Unsupported();
    throw new Follows();
  }
  const missing = node.inputs.find((name, i) => name !== '' && !inputs[i]);
  if (missing !== undefined) throw new Unsupported(`its input ${missing} is not in the graph`);
  if (constants.length === inputs.filter((input) => input !== undefined).length) {
    return [foldConstants(node, inputs as Constant[])];
  }
  if (!reader) throw new Unsupported();
  return [reader(new Operation(node, inputs, builder, opset, batch))].flat();
}

function unknownOperators(wrong: readonly string[], nodes: number, name: string): DataError {
  return new DataError({
    what: `${name} has operators that wgrad has no layer for: ${listed(wrong)}`,
    found: `${wrong.length} of ${nodes} nodes`,
    expected: 'operators and options that wgrad has layers for: see docs/formats.md',
    fix: 'replace or remove them where the model is made',
  });
}

function endsOf(file: OnnxFile, name: string) {
  const [input, output] = [file.inputs[0], file.outputs[0]];
  if (file.inputs.length === 1 && file.outputs.length === 1) return { input: input!, output: output! };
  const names = (values: readonly { name: string }[]) => values.map((value) => value.name).join(', ') || 'none';
  throw new DataError({
    what: `${name} has another number of inputs or outputs than one`,
    found: `inputs ${names(file.inputs)}; outputs ${names(file.outputs)}`,
    expected: 'images in, probabilities out',
  });
}

/** The network's input shape, and the mapping from the graph's input elements to it. */
function inputOf(file: OnnxFile, input: OnnxFile['inputs'][number], name: string) {
  const [batch, ...shape] = input.shape ?? [];
  if (batch === undefined || shape.length < 1 || shape.length > 3 || !shape.every((n) => n > 0 && n <= 65536)) {
    throw new DataError({
      what: `The input of ${name} is no image or vector of one size`,
      found: `${input.name} [${(input.shape ?? []).map((n) => (Number.isNaN(n) ? '?' : n)).join(', ')}]`,
      expected:
        '[batch, channels, height, width], [batch, height, width, channels] or [batch, units], all but the batch as numbers',
      fix: 'export the model with images of one size',
    });
  }
  const notes: string[] = [];
  const size = imageSize(file, input.name, shape);
  if (shape.length === 1) notes.push(`the ${shape[0]} inputs are taken for an image [${size.inputShape.join(', ')}]`);
  return { ...size, shape, batch, notes, isBytes: input.isBytes };
}

function imageSize(file: OnnxFile, name: string, shape: readonly number[]) {
  if (shape.length === 3) {
    const [channels, height, width] = shape as [number, number, number];
    if (isChannelsLast(file, name, shape)) {
      return { inputShape: [channels, height, width] as [number, number, number], places: inOrder(shape) };
    }
    return { inputShape: [height, width, channels] as [number, number, number], places: channelsFirstPlaces(shape) };
  }
  const [first, second = 1] = shape as [number, number];
  const side = Math.sqrt(first);
  const whole = shape.length === 1 && Number.isInteger(side) ? side : undefined;
  const inputShape: [number, number, number] = whole
    ? [whole, whole, 1]
    : shape.length === 1
      ? [1, 1, first]
      : [first, second, 1];
  return { inputShape, places: inOrder(shape) };
}

/** Determines the layout of the input images by the first node that depends on it. */
function isChannelsLast({ nodes }: OnnxFile, name: string, shape: readonly number[]): boolean {
  const known = new Set([name]);
  for (const { inputs, outputs, operator, attributes } of nodes) {
    if (!known.has(inputs[0] ?? '')) continue;
    if (operator === 'Transpose') {
      const perm = attributes.get('perm')?.integers.join();
      if (perm === '0,3,1,2') return true;
      if (perm === '0,2,3,1') return false;
    }
    if (Object.hasOwn(windowReaders, operator) || /Normalization$|^Global/.test(operator)) return false;
    if (!['Transpose', 'Reshape', 'Flatten', 'MatMul'].includes(operator))
      for (const output of outputs) known.add(output);
  }
  // If no node depends on the layout, the channel axis is the one of length 1, 3 or 4.
  return [1, 3, 4].includes(shape[2]!) && ![1, 3, 4].includes(shape[0]!);
}

/** Name for the layers of a node: the common prefix of its weights in files of PyTorch and wgrad, otherwise the node's name. */
function placeOf(node: ReadNode, { constants }: OnnxFile): string {
  const weight = node.inputs
    .slice(1)
    .find((input) => constants.has(input) && (constants.get(input)!.shape.length > 1 || /norm|bn/i.test(input)));
  const owner =
    weight && /^(.+)[./](weight|kernel|gamma|depthwiseKernel|pointwiseKernel|depthwise_kernel)$/.exec(weight)?.[1];
  if (owner && !owner.includes('::')) return owner;
  return node.name;
}

/** The output: a vector in the graph's order, or an image in the layout of the last layer. */
function ending(builder: NetworkBuilder, value: Value): Value {
  if (value.layer < 0) {
    return { ...value, layer: builder.add({ type: 'activation', activation: 'linear' }, [value.layer]) };
  }
  const count = elementsIn(value.shape);
  if (value.shape.length === 3 && count > Math.max(...value.shape)) return value;
  return arranged(builder, value, [count], inOrder([count]));
}

function aboutOf({ metadata }: OnnxFile, isBytes: boolean): Pick<ImportedModel, 'classNames' | 'rescale' | 'pictures'> {
  const said = (key: string): unknown => {
    try {
      return metadata[key] === undefined ? undefined : JSON.parse(metadata[key]);
    } catch {
      return undefined;
    }
  };
  // A graph that takes bytes rescales them itself.
  return metadataOf(said('class_names'), isBytes ? 1 : said('rescale'), said('pictures'));
}
