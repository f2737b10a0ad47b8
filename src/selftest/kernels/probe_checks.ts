import {
  type ChunkedShape,
  exponentHistogram,
  gradientProducts,
  gradientProductsReduce,
  histogramField,
  productWords,
  type SampleNormsShape,
  sampleNorms,
} from '../../kernels/probes.ts';
import * as twins from '../../reference/probes.ts';
import { numbers } from '../numbers.ts';
import { boundOf, tolerances } from '../tolerance.ts';
import type { Arena } from './arena.ts';
import { type KernelCheck, same, within } from './check_kernel.ts';
import { stateOf } from './state_words.ts';

const shapeOf = (arena: Arena): ChunkedShape => ({
  elements: arena.elements,
  chunks: arena.chunks.length / 4,
  tensors: arena.tensors.length,
});

/** End of each tensor, exclusive, in elements of the arena. */
const endsOf = ({ dw, tensors }: Arena): Uint32Array =>
  Uint32Array.from(tensors, (tensor) => (tensor.byteOffset - dw.byteOffset) / 4 + tensor.length);

export function checkExponentHistogram(arena: Arena): KernelCheck<ChunkedShape> {
  const { words, zeros, nonFinite } = histogramField;
  const ends = endsOf(arena);
  // The last vec4 of a tensor contains a value after the tensor's end, which must not be counted.
  const dw = arena.dw.slice();
  for (const end of ends) dw.fill(1, end, Math.ceil(end / 4) * 4);
  // The kernel adds to the previous content.
  const histograms = Uint32Array.from({ length: words * arena.tensors.length }, (_, i) => i % 7);
  return {
    kernel: exponentHistogram,
    shape: shapeOf(arena),
    given: { dw, chunks: arena.chunks, ends, histograms },
    twin: () => {
      const expected = histograms.slice();
      arena.tensors.forEach((tensor, t) => {
        const counted = twins.exponentHistogram({ dw: tensor });
        for (const [i, count] of counted.bins.entries()) expected[t * words + i]! += count;
        expected[t * words + zeros]! += counted.zeros;
        expected[t * words + nonFinite]! += counted.nonFinite;
      });
      return { histograms: same(expected) };
    },
  };
}

/** The other arena has the same layout and numbers from another seed. */
export function checkGradientProducts(arena: Arena, other: Arena): KernelCheck<ChunkedShape> {
  return {
    kernel: gradientProducts,
    shape: shapeOf(arena),
    given: { dw: arena.dw, other: other.dw, chunks: arena.chunks },
    twin: () => {
      const expected: number[] = [];
      const bound: number[] = [];
      for (let c = 0; c < arena.chunks.length / 4; c++) {
        const [first, end] = arena.chunks.subarray(4 * c);
        const [g, h] = [arena, other].map(({ dw }) => dw.subarray(4 * first!, 4 * end!)) as [
          Float32Array,
          Float32Array,
        ];
        push(expected, bound, { g, h });
      }
      return { partials: within(expected, bound) };
    },
  };
}

function push(expected: number[], bound: number[], { g, h }: { g: Float32Array; h: Float32Array }): void {
  const size = twins.gradientProducts({ dw: g.map(Math.abs), other: h.map(Math.abs) });
  const { dot, squares, otherSquares } = twins.gradientProducts({ dw: g, other: h });
  const values = [dot, squares, otherSquares, 0];
  const magnitude = [size.dot, squares, otherSquares, 0];
  expected.push(...values);
  bound.push(...boundOf(tolerances.gradient_products, values, { terms: g.length, magnitude }));
}

export function checkGradientProductsReduce(arena: Arena): KernelCheck<ChunkedShape> {
  return {
    kernel: gradientProductsReduce,
    shape: shapeOf(arena),
    given: { tensors: arena.ranges },
    twin: ({ partials }) => {
      const sums = (x: (index: number) => number) =>
        arena.tensors.flatMap((_, t) => {
          const sum = Array<number>(productWords).fill(0);
          for (let c = arena.ranges[2 * t]!; c < arena.ranges[2 * t + 1]!; c++) {
            for (let word = 0; word < productWords; word++) sum[word]! += x(productWords * c + word);
          }
          return sum;
        });
      const products = sums((i) => partials![i]!);
      const magnitude = sums((i) => Math.abs(partials![i]!));
      const terms = arena.chunks.length / 4;
      return { products: within(products, boundOf(tolerances.gradient_products, products, { terms, magnitude })) };
    },
  };
}

export function checkSampleNorms(
  s: SampleNormsShape & { count: number; scale: number },
): KernelCheck<SampleNormsShape> {
  const { count, scale, ...shape } = s;
  return {
    kernel: sampleNorms,
    shape,
    given: {
      state: stateOf({ count }),
      dy: Float32Array.from(numbers(s.batch * s.outputs, 2), (u) => scale * u),
    },
    twin: ({ x, dy }) => {
      const { norms } = twins.sampleNorms(s, { x: x!, dy: dy! });
      const how = { terms: s.inputs + s.outputs + 4, magnitude: norms };
      return { norms: within(norms, boundOf(tolerances.sample_norms, norms, how)) };
    },
  };
}
