import type { FilledOptimizer } from '../train/optimizers.ts';
import { adam } from './adam.ts';
import { clipGradients } from './clip.ts';
import { sgd } from './sgd.ts';

type Numbers = ArrayLike<number>;

/**
 * The weights after `steps` updates: `gradients` is asked before each for those at the weights as they stand, with the
 * update's number from 0.
 */
export function trainSteps(
  optimizer: FilledOptimizer,
  weights: readonly Numbers[],
  steps: number,
  gradients: (weights: Float64Array[], step: number) => Numbers[],
): Float64Array[] {
  const zeros = (): Float64Array[] => weights.map(({ length }) => new Float64Array(length));
  let w: Float64Array[] = weights.map((tensor) => Float64Array.from(tensor));
  const m = zeros();
  const v = zeros();
  for (let step = 0; step < steps; step++) {
    const dw = clipGradients(optimizer, gradients(w, step));
    w = w.map((before, i) => {
      if (optimizer.type === 'sgd') {
        const after = sgd(optimizer, { dw: dw[i]!, w: before, v: v[i]! });
        v[i] = after.v;
        return after.w;
      }
      const after = adam(optimizer, { dw: dw[i]!, w: before, m: m[i]!, v: v[i]!, t: step + 1 });
      m[i] = after.m;
      v[i] = after.v;
      return after.w;
    });
  }
  return w;
}
