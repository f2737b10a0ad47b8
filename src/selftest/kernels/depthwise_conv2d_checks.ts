import {
  type DepthwiseConv2dShape,
  depthwiseConv2dBackwardW,
  depthwiseConv2dBackwardX,
  depthwiseConv2dForward,
} from '../../kernels/depthwise_conv2d.ts';
import * as reference from '../../reference/depthwise_conv2d.ts';
import type { KernelCheck } from './check_kernel.ts';
import { backwardWCheck, backwardXCheck, forwardCheck } from './convolution_checks.ts';

type Check = (shape: DepthwiseConv2dShape) => KernelCheck<DepthwiseConv2dShape>;

export const checkDepthwiseForward: Check = (shape) => {
  const terms = shape.kernelHeight * shape.kernelWidth + 1;
  return forwardCheck({ kernel: depthwiseConv2dForward, shape, pass: reference.depthwiseConv2dForward, terms });
};

export const checkDepthwiseBackwardX: Check = (shape) => {
  const terms = shape.kernelHeight * shape.kernelWidth * shape.multiplier;
  const elements = shape.batch * shape.inHeight * shape.inWidth * shape.channels;
  const pass = reference.depthwiseConv2dBackwardX;
  return backwardXCheck({ kernel: depthwiseConv2dBackwardX, shape, pass, terms }, elements);
};

export const checkDepthwiseBackwardW: Check = (shape) => {
  const terms = shape.batch * shape.outHeight * shape.outWidth;
  return backwardWCheck({ kernel: depthwiseConv2dBackwardW, shape, pass: reference.depthwiseConv2dBackwardW, terms });
};
