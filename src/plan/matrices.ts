import type { MatricesShape } from '../kernels/muon.ts';

/** The passes over the matrices of a step: each has its own tiles. */
export type MatrixPass = 'momentum' | 'gram' | 'polynomial' | 'product';
export const matrixPasses: readonly MatrixPass[] = ['momentum', 'gram', 'polynomial', 'product'];

/** The tables of shaders/lib/matrices.wgsl, and what the shapes of the kernels that read them have. */
export interface Matrices {
  /** Twelve words a matrix. */
  table: Uint32Array;
  /** Two words a workgroup: its matrix and its first tile. */
  tasks: Record<MatrixPass, Uint32Array>;
  shapeOf(pass: MatrixPass, elements: number): MatricesShape;
}

const invocations = 64;

/** A slice has at least so many rows, and all slices together are no more than so many tiles: more keep no GPU busier. */
const leastRows = 64;
const busyTiles = 1024;

/**
 * Lays matrices out side by side.
 *
 * @param tensors of the arenas, in bytes.
 * @param sizes rows and columns of each tensor that is a matrix.
 */
export function layOutMatrices(
  tensors: readonly { offset: number }[],
  sizes: readonly (readonly [number, number] | undefined)[],
): Matrices {
  const table: number[] = [];
  const tasks: Record<MatrixPass, number[]> = { momentum: [], gram: [], polynomial: [], product: [] };
  const flops: Record<MatrixPass, number> = { momentum: 0, gram: 0, polynomial: 0, product: 0 };
  let [count, x, parts, p] = [0, 0, 0, 0];
  for (const [tensor, size] of sizes.entries()) {
    if (!size) continue;
    const [rows, columns] = [Math.max(...size), Math.min(...size)];
    const quads = Math.ceil(columns / 4);
    const square = quads * quads;
    const slices = Math.min(Math.ceil(rows / leastRows), Math.max(1, Math.floor(busyTiles / square)));
    const first = tensors[tensor]!.offset / 4;
    table.push(first, tensor, Number(size[0] < size[1]), 0, rows, columns, quads, 0, x, parts, p, slices);
    const tiles = {
      momentum: rows * quads,
      gram: square * slices,
      polynomial: square,
      product: Math.ceil(rows / 4) * quads,
    };
    for (const pass of matrixPasses) {
      for (let tile = 0; tile < tiles[pass]; tile += invocations) tasks[pass].push(count, tile);
    }
    flops.momentum += 4 * rows * columns;
    flops.gram += 2 * rows * columns ** 2;
    flops.polynomial += 2 * columns ** 3;
    flops.product += 2 * rows * columns ** 2;
    x += rows * quads;
    parts += 4 * square * slices;
    p += 4 * square;
    count++;
  }
  const words = (of: number[]) => Uint32Array.from(of);
  return {
    table: words(table),
    tasks: {
      momentum: words(tasks.momentum),
      gram: words(tasks.gram),
      polynomial: words(tasks.polynomial),
      product: words(tasks.product),
    },
    shapeOf: (pass, elements) => ({
      ...{ elements, count, x, parts, p },
      tasks: tasks[pass].length / 2,
      flops: flops[pass],
    }),
  };
}
