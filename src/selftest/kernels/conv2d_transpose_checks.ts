import type { Kernel } from '../../gpu/kernel.ts';
import {
  type Conv2dTransposeShape,
  conv2dTransposeBackwardW,
  conv2dTransposeBackwardWNarrow,
  conv2dTransposeBackwardX,
  conv2dTransposeForward,
} from '../../kernels/conv2d_transpose.ts';
import * as reference from '../../reference/conv2d_transpose.ts';
import type { KernelCheck } from './check_kernel.ts';
import { backwardWCheck, backwardXCheck, forwardCheck } from './convolution_checks.ts';

type Check = (shape: Conv2dTransposeShape, kernel?: Kernel<Conv2dTransposeShape>) => KernelCheck<Conv2dTransposeShape>;

export const fitsTransposeBackwardW = (s: Conv2dTransposeShape): boolean => s.outChannels % 4 === 0;

export const checkTransposeForward: Check = (shape) => {
  const terms = shape.kernelHeight * shape.kernelWidth * shape.inChannels + 1;
  return forwardCheck({ kernel: conv2dTransposeForward, shape, pass: reference.conv2dTransposeForward, terms });
};

export const checkTransposeBackwardX: Check = (shape) => {
  const terms = shape.kernelHeight * shape.kernelWidth * shape.outChannels;
  const elements = shape.batch * shape.inHeight * shape.inWidth * shape.inChannels;
  const pass = reference.conv2dTransposeBackwardX;
  return backwardXCheck({ kernel: conv2dTransposeBackwardX, shape, pass, terms }, elements);
};

export const checkTransposeBackwardW: Check = (shape, kernel = conv2dTransposeBackwardW) => {
  // The sum for db is the longest.
  const terms = shape.batch * Math.max(shape.outHeight * shape.outWidth, shape.inHeight * shape.inWidth);
  return backwardWCheck({ kernel, shape, pass: reference.conv2dTransposeBackwardW, terms });
};

export const checkTransposeBackwardWNarrow: Check = (shape) =>
  checkTransposeBackwardW(shape, conv2dTransposeBackwardWNarrow);
