import { gradientsMost, sumGradients } from '../../kernels/sum_gradients.ts';
import type { Contribution } from '../gradient_book.ts';
import type { Value } from '../lowering.ts';
import type { BufferRef, PlannedDispatch, Planner } from '../planner.ts';

/** Adds the parts of a value's gradient, a few in each dispatch, and multiplies the derivative in where a part lacks it. */
export function sumGradientParts(
  planner: Planner,
  batch: number,
  backward: PlannedDispatch[],
  value: Value,
  all: readonly Contribution[],
): BufferRef {
  const elements = batch * value.elements;
  let parts = all;
  do {
    const added = parts.slice(0, gradientsMost);
    const dy = planner.buffer('gradient', `${value.name}.dy`, elements);
    const pending = added.map((part) => part.pending);
    const buffers = {
      ...Object.fromEntries(added.map(({ ref }, i) => [`g${i}`, ref])),
      ...(value.activation !== 'linear' && pending.includes(true) && { v: value.ref }),
      dy,
    };
    const shape = { elements, pending, activation: value.activation };
    backward.push(planner.dispatch(sumGradients, shape, buffers, value.name));
    parts = [{ ref: dy, pending: false }, ...parts.slice(gradientsMost)];
  } while (parts.length > 1);
  return parts[0]!.ref;
}
