import backwardWSource from '../../shaders/conv2d_grouped_backward_w.wgsl?raw';
import backwardXSource from '../../shaders/conv2d_grouped_backward_x.wgsl?raw';
import forwardSource from '../../shaders/conv2d_grouped_forward.wgsl?raw';
import activate from '../../shaders/lib/activate.wgsl?raw';
import bias from '../../shaders/lib/bias.wgsl?raw';
import channelQuad from '../../shaders/lib/channel_quad.wgsl?raw';
import gradientTap from '../../shaders/lib/conv2d_gradient_tap.wgsl?raw';
import pixel from '../../shaders/lib/conv2d_pixel.wgsl?raw';
import tap from '../../shaders/lib/conv2d_tap.wgsl?raw';
import derivative from '../../shaders/lib/derivative.wgsl?raw';
import nan from '../../shaders/lib/nan.wgsl?raw';
import storeDb from '../../shaders/lib/store_db.wgsl?raw';
import storeDx from '../../shaders/lib/store_dx.wgsl?raw';
import windowSizes from '../../shaders/lib/window_sizes.wgsl?raw';
import type { Traits } from '../gpu/device.ts';
import type { Kernel, Variant } from '../gpu/kernel.ts';
import { activationFlags } from './activation.ts';
import { type Conv2dShape, each, padded } from './conv2d.ts';
import { loadType, neighbours, quadFlags, quadType, widest } from './tile.ts';
import { ceilDiv, spread } from './workgroups.ts';

/** Pixels per invocation, which all use the same load of w. */
const pixels = 4;

const groupIn = (s: Conv2dShape) => s.inChannels / (s.groups ?? 1);
const groupOut = (s: Conv2dShape) => s.outChannels / (s.groups ?? 1);

/** Quads of a group's channels per invocation: two if that leaves none idle. */
const quadsATile = (channels: number) => (channels % 8 === 0 ? 2 : 1);

/** Number of channel tiles over all groups. */
const channelTiles = (s: Conv2dShape, channels: number) =>
  (s.groups ?? 1) * ceilDiv(channels, 4 * quadsATile(channels));

/** If a subgroup is exactly four invocations, each loads a quarter of the four rows of w that one load of x or dy needs. */
const sharing = (terms: number, traits: Traits): Variant[] =>
  widest(terms, 4) === 4 ? neighbours(undefined, traits) : [{ subgroups: false }];

/** Rounds up to complete groups of four invocations, which load for each other. */
const workgroups = (pixelsOfAll: number, tiles: number) => spread(ceilDiv(pixelsOfAll, 4 * pixels) * 4 * tiles);

/** The rows of w that are multiplied by one load of x, as a matrix [4 output channels, width]. */
const columns = (width: number) => (width === 1 ? 'w$q0' : `mat${width}x4f(${each(width, (k) => `w$q${k}`)})`);

/** The rows of w by which a load of dy is multiplied for an invocation's four input channels. */
const rowsOfW = (width: number) => {
  const rows = each(4, (c) => `w[row$q${c} + step]`);
  return width === 1 ? `vec4f(${rows})` : `mat4x${width}f(${rows})`;
};

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
 * A convolution in which each group of output channels reads its own group of input channels. The kernels in this file accept
 * any `groups`, including 1, and no fused pool.
 */
export const conv2dGroupedForward: Kernel<Conv2dShape> = {
  name: 'conv2d_grouped_forward',
  source: forwardSource + windowSizes + pixel + tap + channelQuad + bias + activate + nan,
  variants: (s, traits) => sharing(groupIn(s), traits),
  flags: (s, { subgroups }) => {
    const width = widest(groupIn(s), 4);
    return {
      subgroups: subgroups!,
      pixels,
      quads: quadsATile(groupOut(s)),
      width,
      load: loadType(width),
      columns: columns(width),
      x: 'x',
      ...quadFlags(groupOut(s), 'w', 'y'),
      padded: padded(s),
      pooled: false,
      use_bias: s.useBias,
      vec_bias: groupOut(s) % 4 === 0,
      ...activationFlags(s.activation),
    };
  },
  constants,
  buffers: (s) => ({
    x: pixelsIn(s) * s.inChannels,
    w: weights(s),
    ...(s.useBias && { b: s.outChannels }),
    y: pixelsOut(s) * s.outChannels,
  }),
  workgroups: (s) => workgroups(pixelsOut(s), channelTiles(s, groupOut(s))),
  cost,
};

export const conv2dGroupedBackwardX: Kernel<Conv2dShape> = {
  name: 'conv2d_grouped_backward_x',
  source: backwardXSource + windowSizes + gradientTap + storeDx + derivative,
  variants: (s, traits) => sharing(groupOut(s), traits),
  flags: (s, { subgroups }) => {
    const width = widest(groupOut(s), 4);
    return {
      subgroups: subgroups!,
      pixels,
      quads: quadsATile(groupIn(s)),
      width,
      load: loadType(width),
      rows: rowsOfW(width),
      ...{ dy: 'dy', dx: 'dx', in: quadType(groupIn(s)), vec_in: groupIn(s) % 4 === 0 },
      strided: s.strideX > 1 || s.strideY > 1,
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
  workgroups: (s) => workgroups(pixelsIn(s), channelTiles(s, groupIn(s))),
  cost,
};

/** Number of invocations of the filter gradient if its sum is not split. */
export const groupedGradientTiles = (s: Conv2dShape): number =>
  ceilDiv(rows(s), 8) * (s.groups ?? 1) * ceilDiv(groupOut(s), 4);

/** A small filter has fewer tiles than fit a workgroup. */
const workgroupSize = (s: Conv2dShape) => Math.min(64, groupedGradientTiles(s));

export const conv2dGroupedBackwardW: Kernel<Conv2dShape> = {
  name: 'conv2d_grouped_backward_w',
  source: backwardWSource + windowSizes + channelQuad + storeDb,
  flags: (s) => ({
    vec_in: groupIn(s) % 4 === 0,
    in: quadType(groupIn(s)),
    ...quadFlags(groupOut(s), 'dy', 'dw'),
    padded: padded(s),
    use_bias: s.useBias,
    stores_db: s.useBias,
    workgroup_size: workgroupSize(s),
  }),
  constants: (s) => ({ ...constants(s), parts: s.parts }),
  buffers: (s) => ({
    x: pixelsIn(s) * s.inChannels,
    dy: pixelsOut(s) * s.outChannels,
    dw: s.parts * weights(s),
    ...(s.useBias && { db: s.parts * s.outChannels }),
  }),
  workgroups: (s) => [ceilDiv(groupedGradientTiles(s), workgroupSize(s)), s.parts],
  cost,
};
