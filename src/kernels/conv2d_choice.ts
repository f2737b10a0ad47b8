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
import { ceilDiv } from './workgroups.ts';

/**
 * The kernels of a convolution of whatever kind. They have the same bindings: x, w, b and y; w, dy, dx and, with an
 * `inActivation`, x; x, dy, dw and db.
 */
export interface ConvolutionKernels<S> {
  forward: Kernel<S>;
  backwardX: Kernel<S>;
  backwardW: Kernel<S>;
  /** Into how many parts backwardW had better cut its sum, as the shape's `parts`. More than 1 asks for sum_parts. */
  parts: number;
}

/** Tiles of a filter gradient that keep an adapter busy; with fewer, the sum over the batch is cut into parts. */
const busyTiles = { software: 64, hardware: 4096 };

/** conv2d's tiles are four invocations each; those of the other kernels are one. */
const invocationsATile = 4;

/** More parts than this are added up more slowly than they were computed. */
const mostParts = 256;

const partsOf = (tiles: number, most: number, { software }: Traits) =>
  Math.max(1, Math.min(most, ceilDiv(software ? busyTiles.software : busyTiles.hardware, tiles)));

/** The largest kernel height x width x input channels whose weights conv2d_forward_narrow keeps in registers. */
const narrowRows = 9;

/** The kernels for a convolution; the shape's own `parts` doesn't matter. Only one without groups may have a pool. */
export function conv2dKernelsFor(s: Conv2dShape, traits: Traits): ConvolutionKernels<Conv2dShape> {
  if ((s.groups ?? 1) > 1) {
    return {
      forward: conv2dGroupedForward,
      backwardX: conv2dGroupedBackwardX,
      backwardW: conv2dGroupedBackwardW,
      parts: partsOf(groupedGradientTiles(s) / invocationsATile, s.batch, traits),
    };
  }
  return {
    forward: s.kernelHeight * s.kernelWidth * s.inChannels <= narrowRows ? conv2dForwardNarrow : conv2dForward,
    backwardX: conv2dBackwardX,
    backwardW: s.inChannels % 4 === 0 ? conv2dBackwardW : conv2dBackwardWNarrow,
    parts: partsOf(filterGradientTiles(s), s.batch, traits),
  };
}

export function conv2dTransposeKernelsFor(
  s: Conv2dTransposeShape,
  traits: Traits,
): ConvolutionKernels<Conv2dTransposeShape> {
  return {
    forward: conv2dTransposeForward,
    backwardX: conv2dTransposeBackwardX,
    backwardW: s.outChannels % 4 === 0 ? conv2dTransposeBackwardW : conv2dTransposeBackwardWNarrow,
    parts: partsOf(filterGradientTiles(transposedConvolution(s)), s.batch, traits),
  };
}

export function depthwiseConv2dKernelsFor(
  s: DepthwiseConv2dShape,
  traits: Traits,
): ConvolutionKernels<DepthwiseConv2dShape> {
  const rows = s.batch * s.outHeight;
  return {
    forward: depthwiseConv2dForward,
    backwardX: depthwiseConv2dBackwardX,
    backwardW: depthwiseConv2dBackwardW,
    parts: partsOf(depthwiseGradientTiles(s) / invocationsATile, Math.min(rows, mostParts), traits),
  };
}
