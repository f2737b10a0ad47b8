import type { Kernel } from '../../gpu/kernel.ts';
import {
  type Conv2dTransposeShape,
  conv2dTransposeBackwardW,
  conv2dTransposeBackwardWNarrow,
  conv2dTransposeBackwardX,
  conv2dTransposeForward,
} from '../../kernels/conv2d_transpose.ts';
import { activate } from '../../reference/activation.ts';
import * as reference from '../../reference/conv2d_transpose.ts';
import { magnitude } from '../../reference/magnitude.ts';
import { numbers } from '../numbers.ts';
import { boundOf, tolerances } from '../tolerance.ts';
import { type KernelCheck, within } from './check_kernel.ts';
import { isSmooth, partsAddUpTo } from './conv2d_checks.ts';

export const fitsTransposeBackwardW = (s: Conv2dTransposeShape): boolean => s.outChannels % 4 === 0;

export function checkTransposeForward(shape: Conv2dTransposeShape): KernelCheck<Conv2dTransposeShape> {
  return {
    kernel: conv2dTransposeForward,
    shape,
    twin: (inputs) => {
      const { x, w, b } = inputs as Record<string, Float32Array>;
      const given = { x: x!, w: w!, b };
      const { y } = reference.conv2dTransposeForward(shape, given);
      const size = magnitude(reference.conv2dTransposeForward, shape, given).y;
      const tolerance = isSmooth(shape.activation) ? tolerances.activated : tolerances.conv2d_forward;
      const terms = shape.kernelHeight * shape.kernelWidth * shape.inChannels + 1;
      return { y: within(y, boundOf(tolerance, y, { terms, magnitude: size })) };
    },
  };
}

export function checkTransposeBackwardX(shape: Conv2dTransposeShape): KernelCheck<Conv2dTransposeShape> {
  const elements = shape.batch * shape.inHeight * shape.inWidth * shape.inChannels;
  // An activation made x: values that it can't give would have derivatives that it can't have.
  const x = Float32Array.from(numbers(elements, 99), (z) => activate(shape.inActivation, 2 * z));
  return {
    kernel: conv2dTransposeBackwardX,
    shape,
    given: shape.inActivation === 'linear' ? {} : { x },
    twin: (inputs) => {
      const { w, dy, x } = inputs as Record<string, Float32Array>;
      const given = { w: w!, dy: dy!, x };
      const { dx } = reference.conv2dTransposeBackwardX(shape, given);
      const size = magnitude(reference.conv2dTransposeBackwardX, shape, given).dx;
      // No derivative is above 1; it takes three more operations.
      const terms = shape.kernelHeight * shape.kernelWidth * shape.outChannels + 3;
      return { dx: within(dx, boundOf(tolerances.conv2d_backward_x, dx, { terms, magnitude: size })) };
    },
  };
}

export function checkTransposeBackwardW(
  shape: Conv2dTransposeShape,
  kernel: Kernel<Conv2dTransposeShape> = conv2dTransposeBackwardW,
): KernelCheck<Conv2dTransposeShape> {
  return {
    kernel,
    shape,
    twin: (inputs) => {
      const { x, dy } = inputs as Record<string, Float32Array>;
      const given = { x: x!, dy: dy! };
      const exact = reference.conv2dTransposeBackwardW(shape, given);
      const size = magnitude(reference.conv2dTransposeBackwardW, shape, given);
      // No sum is longer than that of db.
      const terms = shape.batch * Math.max(shape.outHeight * shape.outWidth, shape.inHeight * shape.inWidth);
      const bound = (name: 'dw' | 'db') =>
        boundOf(tolerances.conv2d_backward_w, exact[name], { terms, magnitude: size[name] });
      return {
        dw: partsAddUpTo(exact.dw, bound('dw')),
        ...(shape.useBias && { db: partsAddUpTo(exact.db, bound('db')) }),
      };
    },
  };
}

export const checkTransposeBackwardWNarrow = (shape: Conv2dTransposeShape): KernelCheck<Conv2dTransposeShape> =>
  checkTransposeBackwardW(shape, conv2dTransposeBackwardWNarrow);
