import type { Traits } from '../gpu/device.ts';
import { type Conv2dShape, filterGradientTiles } from './conv2d.ts';
import { type ConvolutionKernels, conv2dKernelsFor, partsOf } from './conv2d_choice.ts';
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

/** A tile of conv2d is four invocations; a tile of the other kernels is one. */
const invocationsATile = 4;

/** Adding up more parts than this takes longer than computing them. */
const mostParts = 256;

/** The kernels of a convolution with groups, which supports no fused pool. */
export const groupedConv2dKernelsFor = (s: Conv2dShape, traits: Traits): ConvolutionKernels<Conv2dShape> => ({
  forward: conv2dGroupedForward,
  backwardX: conv2dGroupedBackwardX,
  backwardW: conv2dGroupedBackwardW,
  parts: partsOf(groupedGradientTiles(s) / invocationsATile, s.batch, traits),
});

/** The kernels of any convolution. */
export const convolutionKernelsFor: typeof conv2dKernelsFor = (s, traits) =>
  ((s.groups ?? 1) > 1 ? groupedConv2dKernelsFor : conv2dKernelsFor)(s, traits);

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
