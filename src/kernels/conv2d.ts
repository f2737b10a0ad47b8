import backwardWSource from '../../shaders/conv2d_backward_w.wgsl?raw';
import backwardWNarrowSource from '../../shaders/conv2d_backward_w_narrow.wgsl?raw';
import backwardXSource from '../../shaders/conv2d_backward_x.wgsl?raw';
import forwardSource from '../../shaders/conv2d_forward.wgsl?raw';
import forwardNarrowSource from '../../shaders/conv2d_forward_narrow.wgsl?raw';
import activate from '../../shaders/lib/activate.wgsl?raw';
import bias from '../../shaders/lib/bias.wgsl?raw';
import channelQuad from '../../shaders/lib/channel_quad.wgsl?raw';
import chunk from '../../shaders/lib/conv2d_chunk.wgsl?raw';
import gradient from '../../shaders/lib/conv2d_gradient.wgsl?raw';
import gradientTap from '../../shaders/lib/conv2d_gradient_tap.wgsl?raw';
import output from '../../shaders/lib/conv2d_output.wgsl?raw';
import pixel from '../../shaders/lib/conv2d_pixel.wgsl?raw';
import tap from '../../shaders/lib/conv2d_tap.wgsl?raw';
import derivative from '../../shaders/lib/derivative.wgsl?raw';
import nan from '../../shaders/lib/nan.wgsl?raw';
import storeDb from '../../shaders/lib/store_db.wgsl?raw';
import storeDx from '../../shaders/lib/store_dx.wgsl?raw';
import windowSizes from '../../shaders/lib/window_sizes.wgsl?raw';
import type { Traits } from '../gpu/device.ts';
import type { Kernel, Variant } from '../gpu/kernel.ts';
import { type Activation, activationFlags } from './activation.ts';
import {
  acrossOf,
  largeTile,
  loadType,
  neighbours,
  quadFlags,
  quadType,
  type RegisterTile,
  registerTiles,
} from './tile.ts';
import { ceilDiv, spread } from './workgroups.ts';

/** NHWC images and a [kernelHeight, kernelWidth, inChannels / groups, outChannels] kernel. */
export interface Conv2dShape {
  batch: number;
  inHeight: number;
  inWidth: number;
  inChannels: number;
  /** Height of the convolution's output, before any pooling. */
  outHeight: number;
  outWidth: number;
  outChannels: number;
  kernelHeight: number;
  kernelWidth: number;
  strideY: number;
  strideX: number;
  padTop: number;
  padLeft: number;
  /** Dilation rates in rows and columns; 1 by default. */
  dilationY?: number;
  dilationX?: number;
  /** Values above 1 require the kernels of conv2d_grouped.ts; those in this file read every input channel. 1 by default. */
  groups?: number;
  useBias: boolean;
  activation: Activation;
  /** The activation that produced x: its derivative is folded into dx. */
  inActivation: Activation;
  /** Number of parts that the filter gradient's sum is split into. */
  parts: number;
  /** True if a 2x2 max pool of stride 2 is fused into the kernel: y and argmax then hold pooled cells. */
  pooled: boolean;
  /** True if the dy of an input gradient holds pooled cells, and argmax their positions; only in conv2d_winograd.ts. */
  pooledGradient?: true;
}

/** Number of pixels, or pooled cells, of y. */
export const cellsOf = (s: Conv2dShape) =>
  (s.pooled ? Math.floor(s.outHeight / 2) * Math.floor(s.outWidth / 2) : s.outHeight * s.outWidth) * s.batch;

/** The part of the shape that describes windows sliding over an image. */
export type Windows = Pick<
  Conv2dShape,
  | 'inHeight'
  | 'inWidth'
  | 'outHeight'
  | 'outWidth'
  | 'kernelHeight'
  | 'kernelWidth'
  | 'strideY'
  | 'strideX'
  | 'padTop'
  | 'padLeft'
  | 'dilationY'
  | 'dilationX'
>;

/** True if a window extends beyond the image. */
export const padded = ({ dilationY = 1, dilationX = 1, ...s }: Windows): boolean =>
  s.padTop > 0 ||
  s.padLeft > 0 ||
  (s.outHeight - 1) * s.strideY + (s.kernelHeight - 1) * dilationY >= s.inHeight ||
  (s.outWidth - 1) * s.strideX + (s.kernelWidth - 1) * dilationX >= s.inWidth;

const dilated = ({ dilationY = 1, dilationX = 1 }: Conv2dShape) => dilationY > 1 || dilationX > 1;

/** Position within the kernel, in rows and columns of x. */
export const stepsOfKernel = (s: Conv2dShape) => ({
  dilated: dilated(s),
  kh: dilated(s) ? 'kh * dilation_y' : 'kh',
  kw: dilated(s) ? 'kw * dilation_x' : 'kw',
});

const multiplyAdds = (s: Conv2dShape) =>
  cellsOf(s) * (s.pooled ? 4 : 1) * s.outChannels * s.inChannels * s.kernelHeight * s.kernelWidth;

/**
 * Whether Winograd's F(2x2, 3x3) can compute all three passes of a convolution. Channels are loaded in pairs, and conv2d_backward_w, which
 * it replaces, requires multiples of four.
 */
export const fitsWinograd = ({ dilationY = 1, dilationX = 1, groups = 1, ...s }: Conv2dShape): boolean =>
  s.kernelHeight === 3 &&
  s.kernelWidth === 3 &&
  [s.strideY, s.strideX, dilationY, dilationX, groups].every((n) => n === 1) &&
  (s.inChannels | s.outChannels) % 4 === 0;

/** Multiply-adds per launch above which Winograd's algorithm saves within some hundred steps what its longer shaders take to compile. */
const worthWinograd = 2 ** 23;

/** True if a variant with a longer shader is worth compiling for a long run. */
const isWorthCompiling = (s: Conv2dShape): boolean => fitsWinograd(s) && multiplyAdds(s) >= worthWinograd;

/** True where SwiftShader should change to Winograd's algorithm. For other adapters, it is a candidate for the tuner. */
const upgradesToWinograd = (s: Conv2dShape, { software, subgroupSize }: Traits): boolean =>
  software && subgroupSize === 4 && isWorthCompiling(s);

/** The same, and true where llvmpipe should change to the tiles of conv2d_row_tiles.ts. */
const upgrades = (s: Conv2dShape, traits: Traits): boolean =>
  upgradesToWinograd(s, traits) || (!!traits.gathers && isWorthCompiling(s));

export const sizes = (s: Conv2dShape): Record<string, number> => ({
  batch: s.batch,
  in_height: s.inHeight,
  in_width: s.inWidth,
  in_channels: s.inChannels,
  out_height: s.pooled ? Math.floor(s.outHeight / 2) : s.outHeight,
  out_width: s.pooled ? Math.floor(s.outWidth / 2) : s.outWidth,
  out_channels: s.outChannels,
  kernel_height: s.kernelHeight,
  kernel_width: s.kernelWidth,
  stride_y: s.strideY,
  stride_x: s.strideX,
  pad_top: s.padTop,
  pad_left: s.padLeft,
  ...(dilated(s) && { dilation_y: s.dilationY ?? 1, dilation_x: s.dilationX ?? 1 }),
});

/** The contiguous ranges that conv2d_forward.wgsl reads. Dilation and the border separate the columns of a kernel row. */
const runsOfKernel = (s: Conv2dShape) =>
  dilated(s) || padded(s)
    ? {
        dilated: dilated(s),
        runs: 'kernel_height * kernel_width',
        down: dilated(s) ? 'run / kernel_width * dilation_y' : 'run / kernel_width',
        right: dilated(s) ? 'run % kernel_width * dilation_x' : 'run % kernel_width',
        steps: 'in_channels / channels_a_load',
      }
    : {
        dilated: false,
        ...{ runs: 'kernel_height', down: 'run', right: '0u', steps: 'kernel_width * in_channels / channels_a_load' },
      };

/** A comma-separated argument list for a shader. */
export const each = (count: number, of: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => of(i)).join(', ');

const groupsOf = (tile: RegisterTile, count: (quads: number, across: number) => number) =>
  spread(count(tile.quads, acrossOf(tile)), tile.tiles);

const tileFlags = (v: Variant) => ({ across: 1, ...v, load: loadType((v as RegisterTile).width) });

/** The rows of w that are multiplied by one load of x, as a matrix [4 output channels, width]. */
const columnsOfW = (width: number) => (width === 1 ? 'w0$c' : `mat${width}x4f(${each(width, (k) => `w${k}$c`)})`);

export const forwardFlags = (s: Conv2dShape) => ({
  ...quadFlags(s.outChannels, 'w', 'y'),
  padded: padded(s),
  pooled: s.pooled,
});

export const biasFlags = (s: Conv2dShape) => ({ use_bias: s.useBias, vec_bias: s.outChannels % 4 === 0 });

/** Flags of conv2d_forward.wgsl itself, without those of the fragments that a transposed convolution omits. */
export const forwardTextFlags = (s: Conv2dShape, v: Variant) => ({
  ...forwardFlags(s),
  ...tileFlags(v),
  ...runsOfKernel(s),
  ...{ use_bias: false, x: 'x', y: 'y' },
  shift: 'bias(co + 16u * c, out_channels - 1u)',
  finished: 'activate(sum + shift)',
  columns: columnsOfW((v as RegisterTile).width),
});

/** Number of tiles of y: quads of pixels by 16 channels per quad. */
const tilesOfY = (s: Conv2dShape, quads: number, across: number) =>
  ceilDiv(cellsOf(s) * (s.pooled ? 4 : 1), 4 * quads) * ceilDiv(s.outChannels, 16 * across);

/** conv2d_forward.wgsl without the fragments for bias and activation. */
export const forwardText = forwardSource + windowSizes + pixel + tap + channelQuad + output;

export const conv2dForward: Kernel<Conv2dShape> = {
  name: 'conv2d_forward',
  source: forwardText + bias + activate + nan,
  variants: (s, traits) => registerTiles(s.inChannels, s.outChannels, (...tile) => tilesOfY(s, ...tile), traits),
  upgrades,
  flags: (s, v) => ({ ...forwardTextFlags(s, v), ...biasFlags(s), ...activationFlags(s.activation) }),
  constants: sizes,
  buffers: (s) => ({
    x: s.batch * s.inHeight * s.inWidth * s.inChannels,
    w: s.kernelHeight * s.kernelWidth * s.inChannels * s.outChannels,
    ...(s.useBias && { b: s.outChannels }),
    y: cellsOf(s) * s.outChannels,
    ...(s.pooled && { argmax: ceilDiv(cellsOf(s) * s.outChannels, 4) }),
  }),
  workgroups: (s, v) => groupsOf(v as RegisterTile, (...tile) => tilesOfY(s, ...tile)),
  cost: (s) => ({
    flops: 2 * multiplyAdds(s),
    bytes:
      4 *
      (s.batch * s.inHeight * s.inWidth * s.inChannels +
        s.kernelHeight * s.kernelWidth * s.inChannels * s.outChannels +
        cellsOf(s) * s.outChannels),
  }),
};

/** Requires at most 9 rows (kernel height x width x input channels), which stay in registers. */
export const conv2dForwardNarrow: Kernel<Conv2dShape> = {
  name: 'conv2d_forward_narrow',
  source: forwardNarrowSource + windowSizes + pixel + channelQuad + output + bias + activate + nan,
  variants: neighbours,
  flags: (s, v) => ({
    ...forwardFlags(s),
    ...biasFlags(s),
    ...activationFlags(s.activation),
    dilated: dilated(s),
    subgroups: v.subgroups!,
  }),
  constants: sizes,
  buffers: conv2dForward.buffers,
  cost: conv2dForward.cost,
  workgroups: (s) => spread(ceilDiv(cellsOf(s) * (s.pooled ? 4 : 1), 64) * ceilDiv(s.outChannels, 16), 16),
};

/** Number of tiles of the filter gradient: rows of w by 16 output channels per quad. */
const tilesOfW = (s: Conv2dShape, rows: number, across = 1) =>
  ceilDiv(s.kernelHeight * s.kernelWidth * s.inChannels, rows) * ceilDiv(s.outChannels, 16 * across);

/** Number of tiles of the filter gradient if its sum is not split. */
export const filterGradientTiles = (s: Conv2dShape): number => tilesOfW(s, s.inChannels % 4 === 0 ? 8 : 9);

/** A small filter has fewer tiles than fit a workgroup; idle invocations would repeat the work of others. */
const tilesAGroup = (tiles: number) => Math.min(16, tiles);

const weights = (s: Conv2dShape) => s.kernelHeight * s.kernelWidth * s.inChannels * s.outChannels;
const pixelsIn = (s: Conv2dShape) => s.batch * s.inHeight * s.inWidth;

/** The flags of filter gradients that don't depend on the variant. */
export const gradientFlags = (s: Conv2dShape) => ({
  ...quadFlags(s.outChannels, 'dy', 'dw'),
  padded: padded(s),
  dilated: dilated(s),
  pooled: s.pooled,
  ...{ x: 'x', dy: 'dy', db: quadType(s.outChannels) },
  use_bias: s.useBias,
  stores_db: s.useBias,
  step: s.pooled ? '1u' : '4u',
});

/** With more tiles than this, on SwiftShader, twice as many rows per invocation halve the loads of dy. */
const worthManyRows = 256;

/**
 * A filter gradient whose invocations own this number of rows of w.
 *
 * @param manyRows a larger number for shapes with enough tiles, if the shader takes its rows in `chunks` of four.
 */
function filterGradient(name: string, source: string, rows: number, manyRows = 0): Kernel<Conv2dShape> {
  const rowsOf = ({ rows: own = rows }: Variant) => own as number;
  const tilesFor = (s: Conv2dShape, v: Variant) => (v.tiles ?? tilesAGroup(tilesOfW(s, rowsOf(v)))) as number;
  return {
    name,
    source: source + windowSizes + gradient + channelQuad + storeDb,
    variants: (s, traits) => [
      // Its rows are those of two quads.
      ...largeTile(s.outChannels, (quads, across) => (quads === 2 ? tilesOfW(s, rows, across) : 0), traits),
      ...neighbours(s, traits).flatMap((few) => {
        if (!manyRows || !few.subgroups) return [few];
        const many = { ...few, rows: manyRows };
        return tilesOfW(s, manyRows) >= worthManyRows ? [many, few] : [few, many];
      }),
    ],
    flags: (s, v) => ({
      subgroups: v.subgroups!,
      across: acrossOf(v),
      ...gradientFlags(s),
      sums_dy: false,
      ...(manyRows && { chunks: rowsOf(v) / 4 }),
      tiles: tilesFor(s, v),
    }),
    constants: (s) => ({ ...sizes(s), parts: s.parts }),
    buffers: (s) => ({
      x: pixelsIn(s) * s.inChannels,
      dy: cellsOf(s) * s.outChannels,
      dw: s.parts * weights(s),
      ...(s.useBias && { db: s.parts * s.outChannels }),
      ...(s.pooled && { argmax: ceilDiv(cellsOf(s) * s.outChannels, 4) }),
    }),
    workgroups: (s, v) => [ceilDiv(tilesOfW(s, rowsOf(v), acrossOf(v)), tilesFor(s, v)), s.parts],
    cost: (s) => ({
      flops: 2 * multiplyAdds(s),
      bytes: 4 * (pixelsIn(s) * s.inChannels + cellsOf(s) * s.outChannels + weights(s)),
    }),
  };
}

/** Requires inChannels % 4 = 0; otherwise use conv2dBackwardWNarrow. */
export const conv2dBackwardW: Kernel<Conv2dShape> = {
  ...filterGradient('conv2d_backward_w', backwardWSource + chunk, 8, 16),
  upgrades: upgradesToWinograd,
};

export const conv2dBackwardWNarrow = filterGradient('conv2d_backward_w_narrow', backwardWNarrowSource, 9);

/** Number of tiles of dx: quads of pixels by 16 channels per quad. */
const tilesOfX = (s: Conv2dShape, quads: number, across: number) =>
  ceilDiv(pixelsIn(s), 4 * quads) * ceilDiv(s.inChannels, 16 * across);

/** The rows of w by which dy is multiplied for an invocation's four input channels. */
const rowsOfW = (width: number) => {
  const rows = each(4, (c) => `w[row${c} + step + $au * quad_step]`);
  return width === 1 ? `vec4f(${rows})` : `mat4x${width}f(${rows})`;
};

/** conv2d_backward_x.wgsl without the fragment for its input's activation. */
export const backwardXText = backwardXSource + windowSizes + gradientTap + storeDx;

export const conv2dBackwardX: Kernel<Conv2dShape> = {
  name: 'conv2d_backward_x',
  source: backwardXText + derivative,
  variants: (s, traits) => registerTiles(s.outChannels, s.inChannels, (...tile) => tilesOfX(s, ...tile), traits),
  upgrades,
  flags: (s, v) => ({
    ...tileFlags(v),
    ...stepsOfKernel(s),
    ...{ dy: 'dy', dx: 'dx', finished: 'sum' },
    rows: rowsOfW((v as RegisterTile).width),
    pointwise: s.kernelHeight * s.kernelWidth * s.strideY * s.strideX === 1 && !padded(s),
    vec_in: s.inChannels % 4 === 0,
    in: quadType(s.inChannels),
    strided: s.strideX > 1 || s.strideY > 1,
    activated: s.inActivation !== 'linear',
    ...activationFlags(s.inActivation),
  }),
  constants: (s) => sizes({ ...s, pooled: false }),
  buffers: (s) => ({
    w: weights(s),
    dy: s.batch * s.outHeight * s.outWidth * s.outChannels,
    dx: pixelsIn(s) * s.inChannels,
    ...(s.inActivation !== 'linear' && { x: pixelsIn(s) * s.inChannels }),
  }),
  workgroups: (s, v) => groupsOf(v as RegisterTile, (...tile) => tilesOfX(s, ...tile)),
  cost: (s) => ({
    flops: 2 * s.batch * s.outHeight * s.outWidth * weights(s),
    bytes: 4 * (pixelsIn(s) * s.inChannels + s.batch * s.outHeight * s.outWidth * s.outChannels + weights(s)),
  }),
};
