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
import { ceilDiv } from './workgroups.ts';

/**
 * The kernels of any kind of convolution. All have the same bindings: x, w, b and y for forward; w, dy, dx and, with an
 * `inActivation`, x for backwardX; x, dy, dw and db for backwardW.
 */
export interface ConvolutionKernels<S> {
  forward: Kernel<S>;
  backwardX: Kernel<S>;
  backwardW: Kernel<S>;
  /** Number of parts that backwardW should split its sum into: the `parts` of its shape. More than 1 requires sum_parts. */
  parts: number;
}

/** Number of filter-gradient tiles that keeps an adapter busy. With fewer, the sum over the batch is split into parts. */
const busyTiles = { software: 64, hardware: 4096 };

export const partsOf = (tiles: number, most: number, { software }: Traits) =>
  Math.max(1, Math.min(most, ceilDiv(software ? busyTiles.software : busyTiles.hardware, tiles)));

/** The largest kernel height x width x input channels whose weights conv2d_forward_narrow keeps in registers. */
const narrowRows = 9;

/** Chooses the kernels of a convolution without groups. The shape's own `parts` is ignored. */
export const conv2dKernelsFor = (s: Conv2dShape, traits: Traits): ConvolutionKernels<Conv2dShape> => ({
  forward: s.kernelHeight * s.kernelWidth * s.inChannels <= narrowRows ? conv2dForwardNarrow : conv2dForward,
  backwardX: conv2dBackwardX,
  backwardW: s.inChannels % 4 === 0 ? conv2dBackwardW : conv2dBackwardWNarrow,
  parts: partsOf(filterGradientTiles(s), s.batch, traits),
});
