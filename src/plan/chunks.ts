import { chunkVec4s } from '../kernels/update.ts';

/** How tensors are split into chunks, for kernels that process all of them in one dispatch. */
export interface Chunks {
  /** A vec4 of words per chunk: first vec4 in the arena, end, index of the tensor, 0. */
  table: Uint32Array;
  /** Two words per tensor: its first chunk and its end. */
  ranges: Uint32Array;
  count: number;
}

/** Splits every tensor of an arena into chunks of whole vec4s. Arenas with the same layout share them. */
export function cutIntoChunks(tensors: readonly { offset: number; size: number }[]): Chunks {
  const table: number[] = [];
  const ranges: number[] = [];
  tensors.forEach((tensor, index) => {
    const begin = tensor.offset / 16;
    const end = begin + tensor.size / 16;
    ranges.push(table.length / 4);
    for (let at = begin; at < end; at += chunkVec4s) table.push(at, Math.min(end, at + chunkVec4s), index, 0);
    ranges.push(table.length / 4);
  });
  return { table: Uint32Array.from(table), ranges: Uint32Array.from(ranges), count: table.length / 4 };
}
