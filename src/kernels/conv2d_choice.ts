import type { Traits } from '../gpu/device.ts';
import type { Kernel } from '../gpu/kernel.ts';
import {
  type Conv2dShape,
  conv2dBackwardW,
  conv2dBackwardWNarrow,
  conv2dBackwardX,
  conv2dForward,
  conv2dForwardNarrow,
  filterGradientTiles,
} from './conv2d.ts';
import {
  conv2dGroupedBackwardW,
  conv2dGroupedBackwardX,
  conv2dGroupedForward,
  groupedGradientTiles,
} from './conv2d_grouped.ts';
import {
  type Conv2dTransposeShape,
  conv2dTransposeBackwardW,
  conv2dTransposeBackwardWNarrow,
  conv2dTransposeBackwardX,
  conv2dTransposeForward,
  transposedConvolution,
} from './conv2d_transpose.ts';
import {
  type DepthwiseConv2dShape,
  depthwiseConv2dBackwardW,
  depthwiseConv2dBackwardX,
  depthwiseConv2dForward,
  depthwiseGradientTiles,
} from './depthwise_conv2d.ts';

export type { Conv2dShape } from './conv2d.ts';

/** The kernels of one convolution, and into how many parts the sum of its filter gradient is cut. */
export interface ConvolutionKernels<S> {
  forward: Kernel<S>;
  backwardX: Kernel<S>;
  backwardW: Kernel<S>;
  parts: number;
}

/** Tiles of a filter gradient that keep an adapter busy; with fewer, the sum over the batch is cut into parts. */
const busyTiles = { software: 64, hardware: 4096 };

const partsOf = (most: number, tiles: number, { software }: Traits): number =>
  Math.max(1, Math.min(most, Math.ceil((software ? busyTiles.software : busyTiles.hardware) / tiles)));

/** Rows of the kernel, of one group, that fit the registers of the narrow forward kernel. */
const narrowRows = 9;

export function conv2dKernels(s: Conv2dShape, traits: Traits): ConvolutionKernels<Conv2dShape> {
  if ((s.groups ?? 1) > 1) {
    return {
      forward: conv2dGroupedForward,
      backwardX: conv2dGroupedBackwardX,
      backwardW: conv2dGroupedBackwardW,
      parts: partsOf(s.batch, groupedGradientTiles(s), traits),
    };
  }
  const isNarrow = s.kernelHeight * s.kernelWidth * s.inChannels <= narrowRows;
  return {
    forward: isNarrow ? conv2dForwardNarrow : conv2dForward,
    backwardX: conv2dBackwardX,
    backwardW: s.inChannels % 4 === 0 ? conv2dBackwardW : conv2dBackwardWNarrow,
    parts: partsOf(s.batch, filterGradientTiles(s), traits),
  };
}

export const depthwiseKernels = (
  s: DepthwiseConv2dShape,
  traits: Traits,
): ConvolutionKernels<DepthwiseConv2dShape> => ({
  forward: depthwiseConv2dForward,
  backwardX: depthwiseConv2dBackwardX,
  backwardW: depthwiseConv2dBackwardW,
  parts: partsOf(s.batch * s.outHeight, depthwiseGradientTiles(s), traits),
});

export const conv2dTransposeKernels = (
  s: Conv2dTransposeShape,
  traits: Traits,
): ConvolutionKernels<Conv2dTransposeShape> => ({
  forward: conv2dTransposeForward,
  backwardX: conv2dTransposeBackwardX,
  backwardW: s.outChannels % 4 === 0 ? conv2dTransposeBackwardW : conv2dTransposeBackwardWNarrow,
  parts: partsOf(s.batch, filterGradientTiles(transposedConvolution(s)), traits),
});
