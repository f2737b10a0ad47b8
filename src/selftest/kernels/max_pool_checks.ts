import { type MaxPoolShape, maxPoolBackward } from '../../kernels/max_pool.ts';
import { maxPoolForward } from '../../kernels/max_pool_forward.ts';
import { magnitude } from '../../reference/magnitude.ts';
import * as reference from '../../reference/max_pool.ts';
import { numbers } from '../numbers.ts';
import { boundOf, tolerances } from '../tolerance.ts';
import { type KernelCheck, packed, same, sameFloats, within } from './check_kernel.ts';

const elementsIn = (s: MaxPoolShape) => s.batch * s.inHeight * s.inWidth * s.channels;

/** Numbers with many equal values, so that most windows have ties. */
export const withTies = (s: MaxPoolShape): Float32Array =>
  Float32Array.from(numbers(elementsIn(s), 5), (u) => Math.round(2 * u));

/** A pool only copies, so values and argmax must be exact. `x` is random by default. */
export function checkMaxPoolForward(shape: MaxPoolShape, x?: Float32Array): KernelCheck<MaxPoolShape> {
  return {
    kernel: maxPoolForward,
    shape,
    given: x && { x },
    twin: (inputs) => {
      const { y, argmax } = reference.maxPoolForward(shape, { x: inputs.x! });
      return { y: sameFloats(y), argmax: same(packed(argmax)) };
    },
  };
}

/** Gradients go to the argmax of the forward pass. */
export function checkMaxPoolBackward(shape: MaxPoolShape): KernelCheck<MaxPoolShape> {
  const { argmax } = reference.maxPoolForward(shape, { x: withTies(shape) });
  return {
    kernel: maxPoolBackward,
    shape,
    given: { argmax: packed(argmax) },
    twin: ({ dy }) => {
      const { dx } = reference.maxPoolBackward(shape, { dy: dy!, argmax });
      const size = magnitude(reference.maxPoolBackward, shape, { dy: dy!, argmax }).dx;
      const terms = shape.poolHeight * shape.poolWidth;
      return { dx: within(dx, boundOf(tolerances.max_pool_backward, dx, { terms, magnitude: size })) };
    },
  };
}
