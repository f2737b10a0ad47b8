import type { LayerSummary } from '../../../index.ts';
import { definitionOf, type LayerType } from '../../../model/layers/index.ts';

/** The structure of the network drawing: blocks in columns, from the images on the left to the output on the right. */

/** A layer, together with following layers that only transform its output: a normalization, an activation, a pooling layer. */
export interface Block {
  /** Name of its first layer. */
  name: string;
  /** Names of its layers, in order; for the first block, of those that only reshape or rescale the images. */
  layers: string[];
  /** Names of its measured layers, which have a relative gradient. */
  measured: string[];
  /** Shape of its output, without the batch. */
  shape: readonly number[];
  /** A merge adds or concatenates the outputs of several blocks. */
  kind: 'images' | 'layer' | 'merge';
  /** Indices of the blocks that it takes as inputs. */
  inputs: number[];
  /** Length of the longest path from the images to this block. */
  column: number;
  /** 0 for the longest path through the network; shortcuts with their own layers are above it. */
  lane: number;
}

/** @param layers in order of computation, as `modelSummary` lists them. The first block is that of the images. */
export function blocksOf(layers: readonly LayerSummary[], imageShape: readonly number[]): Block[] {
  const consumers = (layer: number) => layers.filter(({ inputs }) => inputs.includes(layer)).length;
  const first: Block = {
    name: 'images',
    layers: [],
    measured: [],
    shape: imageShape,
    kind: 'images',
    inputs: [],
    column: 0,
    lane: 0,
  };
  const blocks = [first];
  /** The block of each layer, by the layer's index; -1 stands for the images. */
  const blockOf = new Map<number, number>([[-1, 0]]);
  const place = (at: number): number => {
    const known = blockOf.get(at);
    if (known !== undefined) return known;
    const { name, type, outputShape, measured, inputs } = layers[at]!;
    const from = inputs.map(place);
    const [input] = inputs;
    if (inputs.length === 1 && consumers(input!) === 1 && onlyTransforms(type)) {
      const block = blocks[from[0]!]!;
      block.layers.push(name);
      if (measured) block.measured.push(name);
      block.shape = outputShape;
      blockOf.set(at, from[0]!);
      return from[0]!;
    }
    const column = 1 + Math.max(...from.map((index) => blocks[index]!.column));
    const kind = inputs.length > 1 ? 'merge' : 'layer';
    const shared = { name, layers: [name], measured: measured ? [name] : [], shape: outputShape };
    blocks.push({ ...shared, kind, inputs: [...new Set(from)], column, lane: 0 });
    blockOf.set(at, blocks.length - 1);
    return blocks.length - 1;
  };
  layers.forEach((_, at) => {
    place(at);
  });
  return inLanes(blocks);
}

/** Whether a layer has no kernel and no second input, so that it belongs to the previous block. */
function onlyTransforms(type: string): boolean {
  const { outputs, pictures, inputs } = definitionOf(type as LayerType);
  return !outputs && !pictures && !inputs;
}

/** Blocks that are not on the longest path go into the first lane above it that is free at their column. */
function inLanes(blocks: readonly Block[]): Block[] {
  const longest = new Set<number>();
  const last = blocks.reduce((best, { column }, at) => (column >= blocks[best]!.column ? at : best), 0);
  for (let at: number | undefined = last; at !== undefined; ) {
    longest.add(at);
    const { inputs }: Block = blocks[at]!;
    at = inputs.length
      ? inputs.reduce((best, input) => (blocks[input]!.column > blocks[best]!.column ? input : best))
      : undefined;
  }
  const taken = new Set<string>();
  return blocks.map((block, at) => {
    if (longest.has(at)) return block;
    let lane = 1;
    while (taken.has(`${block.column} ${lane}`)) lane++;
    taken.add(`${block.column} ${lane}`);
    return { ...block, lane };
  });
}
