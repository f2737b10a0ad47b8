import { chunkVec4s } from '../kernels/update.ts';

/** A description of the tensors for kernels that go over all of them at once. */
export interface Chunks {
  /** A vec4 of words a chunk: its first vec4 in the arena, one past its last, its tensor, 0. */
  table: Uint32Array;
  /** Two words a tensor: its first chunk, one past its last. */
  ranges: Uint32Array;
  count: number;
}

/** Cuts every tensor of an arena into chunks of whole vec4s; arenas that are laid out alike share them. */
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
