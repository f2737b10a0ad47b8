import { type AnyActivation, isFused } from '../../kernels/activation.ts';
import { type ActivationShape, activationBackward, activationForward } from '../../kernels/activation_layer.ts';
import * as reference from '../../reference/activation.ts';
import { numbers } from '../numbers.ts';
import { boundOf, tolerances } from '../tolerance.ts';
import { type KernelCheck, sameFloats, within } from './check_kernel.ts';

/** Points where formulas change, and points far out. */
const special = [0, -0, 0.5, -0.5, -0.501, 1, -1, 3, -3, 2.999, -2.999, 6, 6.001, 1e-6, -1e-6, 1e-20, 15, -15];

const inputs = (elements: number): Float32Array =>
  Float32Array.from(numbers(elements, 9), (u, i) =>
    i % 3 === 1 ? special[Math.floor(i / 3) % special.length]! : 8 * u,
  );

/** Activations that only copy values or set them to zero. */
const isExact = (activation: AnyActivation) =>
  activation === 'linear' || activation === 'relu' || activation === 'relu6';

export function checkActivationForward(shape: ActivationShape): KernelCheck<ActivationShape> {
  const { activation, elements } = shape;
  const tolerance = activation === 'tanh' ? tolerances.activated : tolerances.activation_forward;
  return {
    kernel: activationForward,
    shape,
    given: { x: inputs(elements) },
    twin: ({ x }) => {
      const { y } = reference.activationForward(shape, { x: x! });
      const bound = boundOf({ ...tolerance, sum: 0 }, y);
      return { y: isExact(activation) ? sameFloats(y) : within(y, bound) };
    },
  };
}

export function checkActivationBackward(shape: ActivationShape): KernelCheck<ActivationShape> {
  const { activation, elements } = shape;
  const x = inputs(elements);
  // Values outside of the activation's range would have impossible slopes, so y is computed with it.
  const y = x.map((value) => reference.activate(activation, value));
  return {
    kernel: activationBackward,
    shape,
    given: isFused(activation) ? { y: activation === 'linear' ? 'unread' : y } : { x },
    twin: (given) => {
      const made = given.y ?? given.x ?? y;
      const dy = given.dy!;
      const { dx } = reference.activationBackward(shape, { made, dy });
      const magnitude = dx.map((value, i) => Math.max(Math.abs(value), Math.abs(dy[i]!)));
      const bound = boundOf(tolerances.activation_backward, dx, { terms: 1, magnitude });
      return { dx: within(dx, bound) };
    },
  };
}
