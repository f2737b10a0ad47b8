import poolSizes from '../../shaders/lib/pool_sizes.wgsl?raw';
import backwardSource from '../../shaders/max_pool_backward.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { quadType } from './tile.ts';
import { ceilDiv, spread } from './workgroups.ts';

/** NHWC. `argmax` stores the position of each element of y within its window, four positions per word. */
export interface MaxPoolShape {
  batch: number;
  inHeight: number;
  inWidth: number;
  channels: number;
  outHeight: number;
  outWidth: number;
  poolHeight: number;
  poolWidth: number;
  strideY: number;
  strideX: number;
  padTop: number;
  padLeft: number;
}

/** Largest window whose positions fit 8 bits. */
export const largestPool = 256;

/** Override constants of all kernels that slide a window. */
export const poolConstants = (s: MaxPoolShape) => ({
  batch: s.batch,
  in_height: s.inHeight,
  in_width: s.inWidth,
  channels: s.channels,
  out_height: s.outHeight,
  out_width: s.outWidth,
  pool_height: s.poolHeight,
  pool_width: s.poolWidth,
  stride_y: s.strideY,
  stride_x: s.strideX,
  pad_top: s.padTop,
  pad_left: s.padLeft,
});

export const elementsIn = (s: MaxPoolShape) => s.batch * s.inHeight * s.inWidth * s.channels;
export const elementsOut = (s: MaxPoolShape) => s.batch * s.outHeight * s.outWidth * s.channels;
/** Cost of a pool, the same forward and backward. */
export const poolCost = (s: MaxPoolShape) => ({
  flops: elementsOut(s) * s.poolHeight * s.poolWidth,
  bytes: 4 * (elementsIn(s) + elementsOut(s)) + elementsOut(s),
});

/** True if every pixel belongs to exactly one window and four of its channels are one load. */
const tiling = (s: MaxPoolShape) =>
  s.channels % 4 === 0 &&
  s.strideY === s.poolHeight &&
  s.strideX === s.poolWidth &&
  s.inHeight === s.outHeight * s.poolHeight &&
  s.inWidth === s.outWidth * s.poolWidth;

export const maxPoolBackward: Kernel<MaxPoolShape> = {
  name: 'max_pool_backward',
  source: backwardSource + poolSizes,
  flags: (s) => ({ vec: s.channels % 4 === 0, tiling: tiling(s), out: quadType(s.channels) }),
  constants: poolConstants,
  buffers: (s) => ({ dy: elementsOut(s), argmax: ceilDiv(elementsOut(s), 4), dx: elementsIn(s) }),
  workgroups: (s) => spread(ceilDiv(tiling(s) ? elementsOut(s) : elementsIn(s), 4)),
  cost: poolCost,
};
