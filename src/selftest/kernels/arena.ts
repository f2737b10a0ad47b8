import { cutIntoChunks } from '../../plan/chunks.ts';
import { numbers } from '../numbers.ts';
import { poison } from './guarded_launch.ts';

/** The gradients of several tensors in one buffer, laid out as in training, with poison in between. */
export interface Arena {
  /** Size in vec4s. */
  elements: number;
  dw: Float32Array;
  tensors: Float32Array[];
  /** Chunk table as the kernels read it: src/train/chunks.ts. */
  chunks: Uint32Array;
  ranges: Uint32Array;
}

/** Tensors begin at multiples of 256 bytes; the last vec4 of a tensor is zero-padded if the tensor ends within it. */
export function arenaOf(sizes: readonly number[], scale = 1): Arena {
  const places: { offset: number; size: number }[] = [];
  let at = 0;
  for (const size of sizes) {
    places.push({ offset: at * 4, size: Math.ceil(size / 4) * 16 });
    at += Math.ceil(size / 64) * 64;
  }
  const dw = new Float32Array(new Uint32Array(at).fill(poison).buffer);
  const tensors = places.map(({ offset, size }, i) => {
    const first = offset / 4;
    dw.fill(0, first, first + size / 4);
    dw.set(
      numbers(sizes[i]!, 10 + i).map((u) => scale * u),
      first,
    );
    return dw.subarray(first, first + sizes[i]!);
  });
  const { table: chunks, ranges } = cutIntoChunks(places);
  return { elements: at / 4, dw, tensors, chunks, ranges };
}

/** The values of chunk c in an arena, or in another one with the same layout. */
export function chunkOf({ chunks }: Arena, c: number, values: Float32Array): Float32Array {
  const [first, end] = chunks.subarray(4 * c);
  return values.subarray(4 * first!, 4 * end!);
}

/** Fills an arena of the same layout with other numbers, from -1 to 1 unless mapped; the gaps between the tensors stay poisoned. */
export function likeArena(arena: Arena, seed: number, map: (u: number) => number = (u) => u): Float32Array {
  const values = arena.dw.slice();
  for (const tensor of arena.tensors) {
    const first = (tensor.byteOffset - arena.dw.byteOffset) / 4;
    values.set(numbers(tensor.length, seed + first).map(map), first);
  }
  return values;
}
