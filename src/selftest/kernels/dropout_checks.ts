import {
  type DropoutShape,
  dropoutBackward,
  dropoutForward,
  type GaussianNoiseShape,
  gaussianNoise,
} from '../../kernels/dropout.ts';
import type { StateValues } from '../../kernels/state.ts';
import * as reference from '../../reference/dropout.ts';
import { boundOf, tolerances } from '../tolerance.ts';
import { type KernelCheck, within } from './check_kernel.ts';
import { stateFrom, stateOf } from './state_words.ts';

/** State in the middle of an epoch, after `start` samples. */
export const someState: StateValues = { seed: 0xdeadbeef, epoch: 3, start: 40, count: 2 };

/** Zeros must be exactly where the twin has them: the masks are identical. */
export function checkDropoutForward(shape: DropoutShape, values = someState): KernelCheck<DropoutShape> {
  return {
    kernel: dropoutForward,
    shape,
    given: { state: stateOf(values) },
    twin: ({ x, state }) => {
      const { y } = reference.dropoutForward(shape, { x: x!, state: stateFrom(state as Uint32Array) });
      return { y: within(y, keepingZeros(y)) };
    },
  };
}

export function checkDropoutBackward(shape: DropoutShape, values = someState): KernelCheck<DropoutShape> {
  return {
    kernel: dropoutBackward,
    shape,
    given: { state: stateOf(values) },
    twin: ({ x, state }) => {
      const { dx } = reference.dropoutBackward(shape, { dy: x!, state: stateFrom(state as Uint32Array) });
      return { y: within(dx, keepingZeros(dx)) };
    },
  };
}

const keepingZeros = (expected: Float64Array) =>
  boundOf(tolerances.dropout, expected).map((bound, i) => (expected[i] === 0 ? 0 : bound));

export function checkGaussianNoise(shape: GaussianNoiseShape, values = someState): KernelCheck<GaussianNoiseShape> {
  return {
    kernel: gaussianNoise,
    shape,
    given: { state: stateOf(values) },
    twin: ({ x, state }) => {
      const { y } = reference.gaussianNoise(shape, { x: x!, state: stateFrom(state as Uint32Array) });
      const magnitude = Float64Array.from(x!, (value) => Math.abs(value) + 16 * shape.standardDeviation);
      return { y: within(y, boundOf(tolerances.gaussian_noise, y, { terms: 2, magnitude })) };
    },
  };
}
