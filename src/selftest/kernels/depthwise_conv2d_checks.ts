import {
  type DepthwiseConv2dShape,
  depthwiseConv2dBackwardW,
  depthwiseConv2dBackwardX,
  depthwiseConv2dForward,
} from '../../kernels/depthwise_conv2d.ts';
import { activate } from '../../reference/activation.ts';
import * as reference from '../../reference/depthwise_conv2d.ts';
import { magnitude } from '../../reference/magnitude.ts';
import { numbers } from '../numbers.ts';
import { boundOf, tolerances } from '../tolerance.ts';
import { type KernelCheck, within } from './check_kernel.ts';
import { isSmooth, partsAddUpTo } from './conv2d_checks.ts';

export function checkDepthwiseForward(shape: DepthwiseConv2dShape): KernelCheck<DepthwiseConv2dShape> {
  return {
    kernel: depthwiseConv2dForward,
    shape,
    twin: (inputs) => {
      const { x, w, b } = inputs as Record<string, Float32Array>;
      const given = { x: x!, w: w!, b };
      const { y } = reference.depthwiseConv2dForward(shape, given);
      const size = magnitude(reference.depthwiseConv2dForward, shape, given).y;
      const tolerance = isSmooth(shape.activation) ? tolerances.activated : tolerances.conv2d_forward;
      const terms = shape.kernelHeight * shape.kernelWidth + 1;
      return { y: within(y, boundOf(tolerance, y, { terms, magnitude: size })) };
    },
  };
}

export function checkDepthwiseBackwardX(shape: DepthwiseConv2dShape): KernelCheck<DepthwiseConv2dShape> {
  const elements = shape.batch * shape.inHeight * shape.inWidth * shape.channels;
  // An activation made x: values that it can't give would have derivatives that it can't have.
  const x = Float32Array.from(numbers(elements, 99), (z) => activate(shape.inActivation, 2 * z));
  return {
    kernel: depthwiseConv2dBackwardX,
    shape,
    given: shape.inActivation === 'linear' ? {} : { x },
    twin: (inputs) => {
      const { w, dy, x } = inputs as Record<string, Float32Array>;
      const given = { w: w!, dy: dy!, x };
      const { dx } = reference.depthwiseConv2dBackwardX(shape, given);
      const size = magnitude(reference.depthwiseConv2dBackwardX, shape, given).dx;
      // No derivative is above 1; it takes three more operations.
      const terms = shape.kernelHeight * shape.kernelWidth * shape.multiplier + 3;
      return { dx: within(dx, boundOf(tolerances.conv2d_backward_x, dx, { terms, magnitude: size })) };
    },
  };
}

export function checkDepthwiseBackwardW(shape: DepthwiseConv2dShape): KernelCheck<DepthwiseConv2dShape> {
  return {
    kernel: depthwiseConv2dBackwardW,
    shape,
    twin: (inputs) => {
      const { x, dy } = inputs as Record<string, Float32Array>;
      const given = { x: x!, dy: dy! };
      const exact = reference.depthwiseConv2dBackwardW(shape, given);
      const size = magnitude(reference.depthwiseConv2dBackwardW, shape, given);
      const terms = shape.batch * shape.outHeight * shape.outWidth;
      const bound = (name: 'dw' | 'db') =>
        boundOf(tolerances.conv2d_backward_w, exact[name], { terms, magnitude: size[name] });
      return {
        dw: partsAddUpTo(exact.dw, bound('dw')),
        ...(shape.useBias && { db: partsAddUpTo(exact.db, bound('db')) }),
      };
    },
  };
}
