import backwardWSource from '../../shaders/conv2d_grouped_backward_w.wgsl?raw';
import backwardXSource from '../../shaders/conv2d_grouped_backward_x.wgsl?raw';
import forwardSource from '../../shaders/conv2d_grouped_forward.wgsl?raw';
import activate from '../../shaders/lib/activate.wgsl?raw';
import bias from '../../shaders/lib/bias.wgsl?raw';
import derivative from '../../shaders/lib/derivative.wgsl?raw';
import nan from '../../shaders/lib/nan.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { activationFlags } from './activation.ts';
import { type Conv2dShape, columnsOfW, padded, rowsOfW } from './conv2d.ts';
import { loadType, widest } from './tile.ts';
import { ceilDiv, spread } from './workgroups.ts';

/** Pixels of one invocation: each load of w meets so many. */
const pixels = 4;

const groupIn = (s: Conv2dShape) => s.inChannels / (s.groups ?? 1);
const groupOut = (s: Conv2dShape) => s.outChannels / (s.groups ?? 1);

/** Four channels of a group; a group's last ones may be fewer. */
const quadsIn = (s: Conv2dShape) => (s.groups ?? 1) * ceilDiv(groupIn(s), 4);
const quadsOut = (s: Conv2dShape) => (s.groups ?? 1) * ceilDiv(groupOut(s), 4);

const constants = (s: Conv2dShape) => ({
  batch: s.batch,
  in_height: s.inHeight,
  in_width: s.inWidth,
  in_channels: s.inChannels,
  out_height: s.outHeight,
  out_width: s.outWidth,
  out_channels: s.outChannels,
  kernel_height: s.kernelHeight,
  kernel_width: s.kernelWidth,
  stride_y: s.strideY,
  stride_x: s.strideX,
  pad_top: s.padTop,
  pad_left: s.padLeft,
  dilation_y: s.dilationY ?? 1,
  dilation_x: s.dilationX ?? 1,
  group_in: groupIn(s),
  group_out: groupOut(s),
});

const pixelsIn = (s: Conv2dShape) => s.batch * s.inHeight * s.inWidth;
const pixelsOut = (s: Conv2dShape) => s.batch * s.outHeight * s.outWidth;
const rows = (s: Conv2dShape) => s.kernelHeight * s.kernelWidth * groupIn(s);
const weights = (s: Conv2dShape) => rows(s) * s.outChannels;

const cost = (s: Conv2dShape) => ({
  flops: 2 * pixelsOut(s) * weights(s),
  bytes: 4 * (pixelsIn(s) * s.inChannels + weights(s) + pixelsOut(s) * s.outChannels),
});

/**
 * A convolution of which each group of output channels reads its own group of input channels. All kernels of this file
 * take any `groups`, 1 among them, and no pool.
 */
export const conv2dGroupedForward: Kernel<Conv2dShape> = {
  name: 'conv2d_grouped_forward',
  source: forwardSource + bias + activate + nan,
  flags: (s) => {
    const width = widest(groupIn(s), 4);
    return {
      pixels,
      width,
      load: loadType(width),
      columns: columnsOfW(width),
      vec_out: groupOut(s) % 4 === 0,
      padded: padded(s),
      use_bias: s.useBias,
      vec_bias: groupOut(s) % 4 === 0,
      ...activationFlags(s.activation),
    };
  },
  constants,
  buffers: (s) => ({
    x: pixelsIn(s) * s.inChannels,
    w: weights(s),
    b: s.outChannels,
    y: pixelsOut(s) * s.outChannels,
  }),
  workgroups: (s) => spread(ceilDiv(pixelsOut(s), pixels) * quadsOut(s)),
  cost,
};

export const conv2dGroupedBackwardX: Kernel<Conv2dShape> = {
  name: 'conv2d_grouped_backward_x',
  source: backwardXSource + derivative,
  flags: (s) => {
    const width = widest(groupOut(s), 4);
    return {
      pixels,
      width,
      load: loadType(width),
      rows: rowsOfW(width),
      vec_in: groupIn(s) % 4 === 0,
      activated: s.inActivation !== 'linear',
      ...activationFlags(s.inActivation),
    };
  },
  constants,
  buffers: (s) => ({
    w: weights(s),
    dy: pixelsOut(s) * s.outChannels,
    dx: pixelsIn(s) * s.inChannels,
    ...(s.inActivation !== 'linear' && { x: pixelsIn(s) * s.inChannels }),
  }),
  workgroups: (s) => spread(ceilDiv(pixelsIn(s), pixels) * quadsIn(s)),
  cost,
};

/** Invocations that share the filter gradient's work when its sum is not cut. */
export const groupedGradientTiles = (s: Conv2dShape): number => ceilDiv(rows(s), 8) * quadsOut(s);

/** A small filter has fewer tiles than a workgroup could hold. */
const workgroupSize = (s: Conv2dShape) => Math.min(64, groupedGradientTiles(s));

export const conv2dGroupedBackwardW: Kernel<Conv2dShape> = {
  name: 'conv2d_grouped_backward_w',
  source: backwardWSource,
  flags: (s) => ({
    vec_in: groupIn(s) % 4 === 0,
    vec_out: groupOut(s) % 4 === 0,
    padded: padded(s),
    workgroup_size: workgroupSize(s),
  }),
  constants: (s) => ({ ...constants(s), parts: s.parts }),
  buffers: (s) => ({
    x: pixelsIn(s) * s.inChannels,
    dy: pixelsOut(s) * s.outChannels,
    dw: s.parts * weights(s),
    db: s.parts * s.outChannels,
  }),
  workgroups: (s) => [ceilDiv(groupedGradientTiles(s), workgroupSize(s)), s.parts],
  cost,
};
