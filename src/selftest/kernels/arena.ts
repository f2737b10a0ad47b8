import { cutIntoChunks } from '../../plan/chunks.ts';
import { numbers } from '../numbers.ts';
import { poison } from './guarded_launch.ts';

/** The gradients of several tensors in one buffer, as training has them, with poison between. */
export interface Arena {
  /** vec4s of all of it. */
  elements: number;
  dw: Float32Array;
  tensors: Float32Array[];
  /** As the kernels have them: src/train/chunks.ts. */
  chunks: Uint32Array;
  ranges: Uint32Array;
}

/** Tensors begin at multiples of 256 bytes; the last vec4 of one that ends within it is filled with zeros. */
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

/** The arena's numbers that chunk c holds; of another arena with the same layout as well. */
export function chunkOf({ chunks }: Arena, c: number, values: Float32Array): Float32Array {
  const [first, end] = chunks.subarray(4 * c);
  return values.subarray(4 * first!, 4 * end!);
}

/** The same arena with other numbers, from -1 to 1 unless mapped; what lies between the tensors stays poison. */
export function likeArena(arena: Arena, seed: number, map: (u: number) => number = (u) => u): Float32Array {
  const values = arena.dw.slice();
  for (const tensor of arena.tensors) {
    const first = (tensor.byteOffset - arena.dw.byteOffset) / 4;
    values.set(numbers(tensor.length, seed + first).map(map), first);
  }
  return values;
}
