import { chunkVec4s } from '../../src/kernels/step.ts';
import { numbers } from '../reference/central_differences.ts';
import { poison } from './guarded_launch.ts';

/** The gradients of several tensors in one buffer, as training has them, with poison between. */
export interface Arena {
  /** vec4s of all of it. */
  elements: number;
  dw: Float32Array;
  tensors: Float32Array[];
  /** What gradient_norm goes over: first vec4, one past the last, tensor, unused. */
  chunks: Uint32Array;
  /** Which chunks are whose: first, one past the last. */
  ranges: Uint32Array;
}

/** Tensors begin at multiples of 256 bytes; the last vec4 of one that ends within it is filled with zeros. */
export function arenaOf(sizes: readonly number[], scale = 1): Arena {
  const chunks: number[] = [];
  const ranges: number[] = [];
  const places: [number, number][] = [];
  let at = 0;
  for (const [tensor, size] of sizes.entries()) {
    const [first, end] = [at / 4, at / 4 + Math.ceil(size / 4)];
    ranges.push(chunks.length / 4);
    for (let c = first; c < end; c += chunkVec4s) chunks.push(c, Math.min(end, c + chunkVec4s), tensor, 0);
    ranges.push(chunks.length / 4);
    places.push([at, size]);
    at += Math.ceil(size / 64) * 64;
  }
  const dw = new Float32Array(new Uint32Array(at).fill(poison).buffer);
  const tensors = places.map(([first, size], i) => {
    dw.fill(0, first, first + Math.ceil(size / 4) * 4);
    dw.set(
      numbers(size, 10 + i).map((u) => scale * u),
      first,
    );
    return dw.subarray(first, first + size);
  });
  return { elements: at / 4, dw, tensors, chunks: Uint32Array.from(chunks), ranges: Uint32Array.from(ranges) };
}
