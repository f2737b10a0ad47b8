import type { CompiledModel } from '../model/graph.ts';
import { uniforms } from '../model/initializers.ts';
import { activationOption } from '../model/layer.ts';
import { unitRoundoff } from './tolerance.ts';

type Numbers = ArrayLike<number>;

/** A computation on a network's weights and images, which returns one array per tensor. */
export type Computation = (weights: Float64Array[], images: Float64Array) => Numbers[];

/**
 * Bounds the float32 error of each tensor of a computation relative to float64.
 *
 * A float32 sum of products equals the exact sum of slightly perturbed products (Higham, Accuracy and Stability, 3.1). The twin
 * therefore computes a second time with a small random perturbation of every weight and pixel, and the resulting change shows the
 * effect of rounding: small-sample condition estimation (Kenney and Laub 1994). It covers the consequences of rounding, such as
 * cancellation, Adam's step on a small gradient or a relu near its kink, and nothing else.
 *
 * @returns a bound for each tensor, the same for all of its elements: twice the largest change of any of them.
 */
export function boundsOf(
  compute: Computation,
  model: CompiledModel,
  weights: readonly Numbers[],
  images: Numbers,
): number[] {
  const exact = compute(
    weights.map((w) => Float64Array.from(w)),
    Float64Array.from(images),
  );
  // The result is rounded too, as a weight is after each step.
  const bounds = exact.map((tensor) => 2 * unitRoundoff * largest(tensor, Math.abs));
  const relative = inaccuracyOf(model);
  const next = uniforms(1, 1);
  const off = (values: Numbers) => Float64Array.from(values, (value) => value * (1 + relative * (2 * next() - 1)));
  for (let draw = 0; draw < 5; draw++) {
    const moved = compute(weights.map(off), off(images));
    for (const [i, tensor] of exact.entries()) {
      const most = largest(tensor, (value, j) => Math.abs(value - moved[i]![j]!));
      bounds[i] = Math.max(bounds[i]!, 2 * most);
    }
  }
  return bounds;
}

/**
 * Relative error of a product: the roundings in the sums of these small networks add up to less than the error that WGSL allows for
 * the functions among them, 16 ulp for the exp of a small logit and 1e-5 for tanh.
 */
function inaccuracyOf(model: CompiledModel): number {
  const hasTanh = model.layers.some(({ config }) => activationOption(config) === 'tanh');
  return hasTanh ? 1e-5 : 32 * unitRoundoff;
}

function largest(values: Numbers, of: (value: number, index: number) => number): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, of(values[i]!, i));
  return most;
}
