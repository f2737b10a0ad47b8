import type { CompiledModel } from '../model/graph.ts';
import { uniforms } from '../model/initializers.ts';
import { activationOption } from '../model/layer.ts';
import { unitRoundoff } from './tolerance.ts';

type Numbers = ArrayLike<number>;

/** What is computed from a network's weights and images: one array a tensor. */
export type Computation = (weights: Float64Array[], images: Float64Array) => Numbers[];

/**
 * How far each tensor of a computation may be from float64 when it is done in float32.
 *
 * A sum of products in float32 is the exact sum of products that are each a little off (Higham, Accuracy and Stability,
 * 3.1). So the twin computes again with every weight and pixel a little off at random, and what moves says what rounding
 * can do: small-sample condition estimation (Kenney and Laub 1994). It knows of what follows from rounding, such as
 * cancellation, Adam's step on a small gradient or a relu near its corner, and of nothing else.
 *
 * @returns a bound for each tensor, the same for all of its elements: twice the most that any of them moved.
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
 * How far a product may be off, as a share of it: the roundings of the sums of these small networks add up to less than
 * what WGSL lets the functions among them be off by, 16 ulp for the exp of a small logit and 1e-5 for tanh.
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
