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

export const partsOf = (tiles: number, most: number, { software }: Traits) =>
  Math.max(1, Math.min(most, ceilDiv(software ? busyTiles.software : busyTiles.hardware, tiles)));

/** The largest kernel height x width x input channels whose weights conv2d_forward_narrow keeps in registers. */
const narrowRows = 9;

/** The kernels for a convolution without groups; the shape's own `parts` doesn't matter. */
export const conv2dKernelsFor = (s: Conv2dShape, traits: Traits): ConvolutionKernels<Conv2dShape> => ({
  forward: s.kernelHeight * s.kernelWidth * s.inChannels <= narrowRows ? conv2dForwardNarrow : conv2dForward,
  backwardX: conv2dBackwardX,
  backwardW: s.inChannels % 4 === 0 ? conv2dBackwardW : conv2dBackwardWNarrow,
  parts: partsOf(filterGradientTiles(s), s.batch, traits),
});
