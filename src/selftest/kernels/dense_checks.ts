import type { Kernel } from '../../gpu/kernel.ts';
import type { Conv2dShape } from '../../kernels/conv2d.ts';
import {
  asConvolution,
  type DenseShape,
  denseBackwardW,
  denseBackwardWNarrow,
  denseBackwardX,
  denseForward,
} from '../../kernels/dense.ts';
import { activate } from '../../reference/activation.ts';
import * as reference from '../../reference/dense.ts';
import { magnitude } from '../../reference/magnitude.ts';
import { numbers } from '../numbers.ts';
import { boundOf, tolerances } from '../tolerance.ts';
import { type KernelCheck, within } from './check_kernel.ts';

type Floats = Record<string, Float32Array>;

export const fitsDenseBackwardW = (s: DenseShape): boolean => s.inputs % 4 === 0;

export function checkDenseForward(s: DenseShape): KernelCheck<Conv2dShape> {
  const smooth = s.activation === 'tanh' || s.activation === 'sigmoid';
  return {
    kernel: denseForward,
    shape: asConvolution(s),
    twin: (inputs) => {
      const { x, w, b } = inputs as Floats;
      const { y } = reference.denseForward(s, { x: x!, w: w!, b });
      const size = magnitude(reference.denseForward, s, { x: x!, w: w!, b }).y;
      const tolerance = smooth ? tolerances.activated : tolerances.dense_forward;
      return { y: within(y, boundOf(tolerance, y, { terms: s.inputs + 1, magnitude: size })) };
    },
  };
}

export function checkDenseBackwardW(
  s: DenseShape,
  kernel: Kernel<Conv2dShape> = denseBackwardW,
): KernelCheck<Conv2dShape> {
  return {
    kernel,
    shape: asConvolution(s),
    twin: (inputs) => {
      const { x, dy } = inputs as Floats;
      const exact = reference.denseBackwardW(s, { x: x!, dy: dy! });
      const size = magnitude(reference.denseBackwardW, s, { x: x!, dy: dy! });
      const near = (name: 'dw' | 'db') =>
        within(
          exact[name],
          boundOf(tolerances.dense_backward_w, exact[name], { terms: s.batch, magnitude: size[name] }),
        );
      return { dw: near('dw'), ...(s.useBias && { db: near('db') }) };
    },
  };
}

export const checkDenseBackwardWNarrow = (s: DenseShape): KernelCheck<Conv2dShape> =>
  checkDenseBackwardW(s, denseBackwardWNarrow);

export function checkDenseBackwardX(s: DenseShape): KernelCheck<Conv2dShape> {
  // x is the output of an activation: values outside of its range would have impossible derivatives.
  const x = Float32Array.from(numbers(s.batch * s.inputs, 99), (z) => activate(s.inActivation, 2 * z));
  return {
    kernel: denseBackwardX,
    shape: asConvolution(s),
    given: s.inActivation === 'linear' ? {} : { x },
    twin: (inputs) => {
      const { w, dy, x } = inputs as Floats;
      const { dx } = reference.denseBackwardX(s, { w: w!, dy: dy!, x });
      const size = magnitude(reference.denseBackwardX, s, { w: w!, dy: dy!, x }).dx;
      // No derivative exceeds 1; it takes three more operations.
      const bound = boundOf(tolerances.dense_backward_x, dx, { terms: s.outputs + 3, magnitude: size });
      return { dx: within(dx, bound) };
    },
  };
}
