import type { Traits } from '../gpu/device.ts';
import { partsOf } from '../kernels/conv2d_choice.ts';
import { type MatricesShape, rowQuads, scaledQuads } from '../kernels/muon.ts';

/** The passes over a step's matrices, each with its own tiles. `square` covers one square matrix per matrix, `pair` two. */
export type MatrixPass = 'momentum' | 'gram' | 'scale' | 'square' | 'pair' | 'apply';
const matrixPasses: readonly MatrixPass[] = ['momentum', 'gram', 'scale', 'square', 'pair', 'apply'];

/** The tables of shaders/lib/matrices.wgsl, and the sizes that the kernels' shapes need. */
export interface Matrices {
  /** Twelve words per matrix. */
  table: Uint32Array;
  /** Four words per workgroup: its matrix, its first tile, its slice or its half of a pair. */
  tasks: Record<MatrixPass, Uint32Array>;
  shapeOf(pass: MatrixPass, elements: number): MatricesShape;
}

/** Invocations per workgroup of an elementwise pass. */
const invocations = 64;

/** Tiles of four invocations per workgroup of a product: few if a few cores share the workgroups. */
const tilesOf = ({ software }: Traits) => (software ? 4 : 16);

/** Minimum number of rows per slice. */
const leastRows = 64;

const toFour = (count: number) => 4 * Math.ceil(count / 4);

/**
 * Plans the layout of matrices that are processed together.
 *
 * @param tensors of the arenas, in bytes.
 * @param sizes rows and columns of each tensor that is a matrix.
 */
export function layOutMatrices(
  tensors: readonly { offset: number }[],
  sizes: readonly (readonly [number, number] | undefined)[],
  traits: Traits,
): Matrices {
  const table: number[] = [];
  const tasks = Object.fromEntries(matrixPasses.map((pass) => [pass, [] as number[]])) as Record<MatrixPass, number[]>;
  const flops = { momentum: 0, gram: 0, scale: 0, square: 0, pair: 0, apply: 0 };
  const tiles = tilesOf(traits);
  let [count, x, parts, squares] = [0, 0, 0, 0];
  for (const [tensor, size] of sizes.entries()) {
    if (!size) continue;
    const [rows, columns] = [Math.max(...size), Math.min(...size)];
    const quads = Math.ceil(columns / 4);
    const blocks = Math.ceil(quads / 4);
    const triangle = blocks * (blocks + 1);
    const slices = partsOf(triangle, Math.ceil(rows / leastRows), traits);
    const first = tensors[tensor]!.offset / 4;
    table.push(first, tensor, Number(size[0] < size[1]), 0, rows, columns, quads, 0, x, parts, squares, slices);
    const add = (pass: MatrixPass, of: number, each: number, part = 0) => {
      for (let tile = 0; tile < of; tile += each) tasks[pass].push(count, tile, part, 0);
    };
    add('momentum', toFour(rows) * quads, invocations);
    for (let slice = 0; slice < slices; slice++) add('gram', triangle, tiles, slice);
    add('scale', 4 * quads ** 2, scaledQuads * invocations);
    add('square', triangle, tiles);
    for (const half of [0, 1]) add('pair', triangle, tiles, half);
    add('apply', Math.ceil(rows / (4 * rowQuads)) * blocks, tiles);
    // Only half of a symmetric product is computed.
    flops.momentum += 4 * rows * columns;
    flops.gram += rows * columns ** 2;
    flops.scale += slices * columns ** 2;
    flops.square += columns ** 3;
    flops.pair += 2 * columns ** 3;
    flops.apply += 2 * rows * columns ** 2;
    x += toFour(rows) * quads;
    parts += 4 * quads ** 2 * slices;
    squares += 4 * quads ** 2;
    count++;
  }
  const words = Object.fromEntries(matrixPasses.map((pass) => [pass, Uint32Array.from(tasks[pass])]));
  return {
    table: Uint32Array.from(table),
    tasks: words as Record<MatrixPass, Uint32Array>,
    shapeOf: (pass, elements) => ({
      ...{ elements, count, x, parts, squares, tiles },
      tasks: tasks[pass].length / 4,
      flops: flops[pass],
    }),
  };
}
