import { type WeightAverageShape, weightAverage } from '../../kernels/further_updates.ts';
import { movingAverage } from '../../reference/moving_average.ts';
import { boundOf, tolerances } from '../tolerance.ts';
import { arenaOf, likeArena } from './arena.ts';
import type { KernelCheck } from './check_kernel.ts';
import { inTensors } from './optimizer_checks.ts';
import { stateOf } from './state_words.ts';

export interface WeightAverageCase {
  /** Number of elements of each tensor. */
  tensors: number[];
  momentum: number;
  overwriteEvery?: number | undefined;
  /** Update number, from 1. */
  t: number;
}

export function checkWeightAverage(c: WeightAverageCase): KernelCheck<WeightAverageShape> {
  const { momentum, overwriteEvery, t } = c;
  const arena = arenaOf(c.tensors);
  return {
    kernel: weightAverage,
    shape: {
      elements: arena.elements,
      chunks: arena.chunks.length / 4,
      tensors: arena.tensors.length,
      momentum,
      overwriteEvery,
    },
    given: {
      chunks: arena.chunks,
      state: stateOf({ updates: t }),
      w: likeArena(arena, 40),
      // The first update must not read the uninitialized average.
      a: t === 1 ? 'unread' : likeArena(arena, 50, (u) => 3 * u),
    },
    twin: (given) => {
      const inputs = { w: given.w!, a: given.a ?? new Float32Array(given.w!.length), t };
      const after = movingAverage({ emaMomentum: momentum, emaOverwriteFrequency: overwriteEvery }, inputs);
      // The first average equals the weights exactly.
      const magnitude = Float64Array.from(inputs.w, (w, i) => (t === 1 ? 0 : Math.abs(w) + 2 * Math.abs(inputs.a[i]!)));
      const bound = boundOf(tolerances.weight_average, after.a, { terms: 1, magnitude });
      const near = (values: Float64Array) => inTensors(arena, values, bound);
      return { a: near(after.a), ...(overwriteEvery !== undefined && { w: near(after.w) }) };
    },
  };
}
