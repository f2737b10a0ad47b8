import source from '../../shaders/conv2d_winograd.wgsl?raw';
import backwardWSource from '../../shaders/conv2d_winograd_backward_w.wgsl?raw';
import activate from '../../shaders/lib/activate.wgsl?raw';
import bias from '../../shaders/lib/bias.wgsl?raw';
import channelQuad from '../../shaders/lib/channel_quad.wgsl?raw';
import output from '../../shaders/lib/conv2d_output.wgsl?raw';
import derivative from '../../shaders/lib/derivative.wgsl?raw';
import nan from '../../shaders/lib/nan.wgsl?raw';
import storeDb from '../../shaders/lib/store_db.wgsl?raw';
import storeDx from '../../shaders/lib/store_dx.wgsl?raw';
import windowSizes from '../../shaders/lib/window_sizes.wgsl?raw';
import winograd from '../../shaders/lib/winograd.wgsl?raw';
import type { Traits } from '../gpu/device.ts';
import type { Kernel } from '../gpu/kernel.ts';
import { activationFlags } from './activation.ts';
import { biasFlags, type Conv2dShape, conv2dBackwardW, conv2dBackwardX, conv2dForward, sizes } from './conv2d.ts';
import { reversedSizes } from './conv2d_transpose.ts';
import { quadType } from './tile.ts';
import { ceilDiv, spread } from './workgroups.ts';

/** How a Winograd convolution is divided. */
export type WinogradTile = {
  winograd: true;
  /** True if four neighbors form a subgroup and transform inputs for each other. */
  subgroups: boolean;
  /**
   * Tiles of 2x2 pixels per invocation, in units of the neighbors' number. In the filter gradient, quads of output channels per invocation.
   */
  quads: number;
  /** Groups of four invocations per workgroup. */
  tiles: number;
};

const sharedBy = ({ subgroups }: Pick<WinogradTile, 'subgroups'>) => (subgroups ? 4 : 1);

const variants = (_: Conv2dShape, { subgroupSize }: Traits): WinogradTile[] => {
  const alone = [1].map((quads): WinogradTile => ({ winograd: true, subgroups: false, quads, tiles: 16 }));
  const together = [2, 1].map((quads): WinogradTile => ({ winograd: true, subgroups: true, quads, tiles: 4 }));
  return subgroupSize === 4 ? [...together, ...alone] : alone;
};

const tilesOf = ({ pooled, outHeight, outWidth, batch }: Conv2dShape) => {
  const count = (size: number) => (pooled ? Math.floor(size / 2) : ceilDiv(size, 2));
  return batch * count(outHeight) * count(outWidth);
};

const workgroupsOf = (s: Conv2dShape, v: WinogradTile) => {
  const shared = sharedBy(v);
  return spread(ceilDiv(tilesOf(s), shared * v.quads) * ceilDiv(s.outChannels, 4 * shared), (4 * v.tiles) / shared);
};

/** True if a tile's 4x4 inputs extend beyond the image. */
const hasEdges = (s: Conv2dShape) =>
  s.padTop > 0 ||
  s.padLeft > 0 ||
  2 * ceilDiv(s.outHeight, 2) + 2 > s.inHeight + s.padTop ||
  2 * ceilDiv(s.outWidth, 2) + 2 > s.inWidth + s.padLeft;

const flagsOf = (s: Conv2dShape, { subgroups, quads, tiles }: WinogradTile) => ({
  subgroups,
  quads,
  tiles,
  shared: sharedBy({ subgroups }),
  edges: hasEdges(s),
  out: quadType(s.outChannels),
  vec_out: s.outChannels % 4 === 0,
  pooled: s.pooled,
});

/** The convolution of dy that gives dx. */
export const gradientOf = (s: Conv2dShape): Conv2dShape => ({
  ...s,
  ...reversedSizes(s),
  padTop: 2 - s.padTop,
  padLeft: 2 - s.padLeft,
  pooled: false,
});

/** Requires a 3x3 kernel with strides and dilation of 1 and an even number of input channels. */
export const conv2dWinogradForward: Kernel<Conv2dShape> = {
  name: 'conv2d_winograd_forward',
  source: source + windowSizes + winograd + channelQuad + output + bias + activate + nan,
  variants,
  flags: (s, v) => ({
    ...flagsOf(s, v as WinogradTile),
    ...{ backward: false, activated: false, cells: false, x: 'x' },
    ...{ loaded: 'w', stored: 'y' },
    ...biasFlags(s),
    ...activationFlags(s.activation),
  }),
  constants: sizes,
  buffers: conv2dForward.buffers,
  workgroups: (s, v) => workgroupsOf(s, v as WinogradTile),
  cost: conv2dForward.cost,
};

/** True if the four by four pixels of dy that a tile of dx depends on are those of two by two pooled cells. */
export const readsPooledGradient = (s: Conv2dShape): boolean => [s.padTop, s.padLeft].every((n) => n % 2 === 0);

/**
 * Requires a 3x3 kernel with strides and dilation of 1, padding of at most 2 and an even number of output channels; a multiple of four and
 * `readsPooledGradient` for a pooled gradient. Each cell has a single pixel with a gradient, so a tile then takes 4 loads of dy and 4 of
 * argmax instead of 16, and max_pool_backward is not needed.
 */
export const conv2dWinogradBackwardX: Kernel<Conv2dShape> = {
  name: 'conv2d_winograd_backward_x',
  source: source + windowSizes + winograd + storeDx + derivative,
  variants,
  flags: (s, v) => ({
    ...flagsOf(gradientOf(s), v as WinogradTile),
    ...{ backward: true, use_bias: false, cells: s.pooledGradient === true, x: 'dy', dx: 'dx' },
    vec_in: s.inChannels % 4 === 0,
    activated: s.inActivation !== 'linear',
    ...activationFlags(s.inActivation),
  }),
  constants: (s) => sizes(gradientOf(s)),
  buffers: (s, v) => {
    const buffers = conv2dBackwardX.buffers(s, v);
    return s.pooledGradient ? { ...buffers, dy: buffers.dy! / 4, argmax: buffers.dy! / 16 } : buffers;
  },
  workgroups: (s, v) => workgroupsOf(gradientOf(s), v as WinogradTile),
  cost: conv2dBackwardX.cost,
};

/** Requires a 3x3 kernel with strides and dilation of 1. */
export const conv2dWinogradBackwardW: Kernel<Conv2dShape> = {
  name: 'conv2d_winograd_backward_w',
  source: backwardWSource + windowSizes + winograd + channelQuad + storeDb,
  // A unit of neighbors does as much work as a workgroup elsewhere. With 16 output channels, a second quad would repeat the first one.
  variants: (s, traits) =>
    variants(s, traits)
      .filter((v) => s.outChannels > 4 * (v.quads - 1) * sharedBy(v))
      .map((v) => (v.subgroups ? { ...v, tiles: 1 } : v)),
  flags: (s, v) => ({
    ...flagsOf(s, v as WinogradTile),
    ...{ loaded: 'dy', stored: 'dw' },
    ...{ use_bias: s.useBias, stores_db: s.useBias },
  }),
  constants: (s) => ({ ...sizes(s), parts: s.parts }),
  buffers: conv2dBackwardW.buffers,
  workgroups: (s, v) => {
    const { quads, tiles } = v as WinogradTile;
    const shared = sharedBy(v as WinogradTile);
    const units = ceilDiv(s.inChannels, shared) * ceilDiv(s.outChannels, 4 * quads * shared);
    return [ceilDiv(units, (4 * tiles) / shared), s.parts];
  },
  cost: conv2dBackwardW.cost,
};
