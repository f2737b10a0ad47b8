import backwardWSource from '../../shaders/depthwise_conv2d_backward_w.wgsl?raw';
import backwardXSource from '../../shaders/depthwise_conv2d_backward_x.wgsl?raw';
import forwardSource from '../../shaders/depthwise_conv2d_forward.wgsl?raw';
import activate from '../../shaders/lib/activate.wgsl?raw';
import bias from '../../shaders/lib/bias.wgsl?raw';
import channelQuad from '../../shaders/lib/channel_quad.wgsl?raw';
import depthwiseX from '../../shaders/lib/depthwise_x.wgsl?raw';
import derivative from '../../shaders/lib/derivative.wgsl?raw';
import nan from '../../shaders/lib/nan.wgsl?raw';
import storeDb from '../../shaders/lib/store_db.wgsl?raw';
import storeDx from '../../shaders/lib/store_dx.wgsl?raw';
import windowSizes from '../../shaders/lib/window_sizes.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { type Activation, activationFlags } from './activation.ts';
import { padded, type Windows } from './conv2d.ts';
import { loadType, quadFlags } from './tile.ts';
import { ceilDiv, spread } from './workgroups.ts';

/**
 * NHWC images and a [kernelHeight, kernelWidth, channels, multiplier] kernel: output channel c * multiplier + m is input
 * channel c convolved with kernel [.., .., c, m].
 */
export interface DepthwiseConv2dShape extends Windows {
  batch: number;
  channels: number;
  multiplier: number;
  useBias: boolean;
  activation: Activation;
  /** The activation that produced x: its derivative is folded into dx. */
  inActivation: Activation;
  /** Number of parts that the filter gradient's sum over the rows of y is split into; at most batch * outHeight. */
  parts: number;
}

const outChannels = (s: DepthwiseConv2dShape) => s.channels * s.multiplier;
const elementsIn = (s: DepthwiseConv2dShape) => s.batch * s.inHeight * s.inWidth * s.channels;
const elementsOut = (s: DepthwiseConv2dShape) => s.batch * s.outHeight * s.outWidth * outChannels(s);
const weights = (s: DepthwiseConv2dShape) => s.kernelHeight * s.kernelWidth * outChannels(s);

const constants = (s: DepthwiseConv2dShape) => ({
  batch: s.batch,
  in_height: s.inHeight,
  in_width: s.inWidth,
  channels: s.channels,
  multiplier: s.multiplier,
  out_height: s.outHeight,
  out_width: s.outWidth,
  kernel_height: s.kernelHeight,
  kernel_width: s.kernelWidth,
  stride_y: s.strideY,
  stride_x: s.strideX,
  pad_top: s.padTop,
  pad_left: s.padLeft,
  dilation_y: s.dilationY ?? 1,
  dilation_x: s.dilationX ?? 1,
});

const cost = (s: DepthwiseConv2dShape) => ({
  flops: 2 * elementsOut(s) * s.kernelHeight * s.kernelWidth,
  bytes: 4 * (elementsIn(s) + weights(s) + elementsOut(s)),
});

/** True if output channels equal input channels and four of them are one load. */
const channelByChannel = (s: DepthwiseConv2dShape) => s.multiplier === 1 && s.channels % 4 === 0;

/** The flags of the tensors with input channels. */
const inFlags = (s: DepthwiseConv2dShape) => ({
  vec_in: channelByChannel(s),
  in: loadType(channelByChannel(s) ? 4 : 1),
});

/** Adjacent pixels per invocation. */
const pixels = 4;

/** Maximum number of image columns that an unrolled kernel row keeps in registers. */
const mostColumns = 12;

/** Number of image columns that the pixels of one invocation read. */
const columns = ({ strideX, kernelWidth, dilationX = 1 }: DepthwiseConv2dShape) =>
  (pixels - 1) * strideX + (kernelWidth - 1) * dilationX + 1;

/**
 * WGSL text of one kernel row, unrolled for the pixels of an invocation.
 *
 * @param column image column that a pixel reads for kernel element kw.
 */
const writtenOut = (
  s: DepthwiseConv2dShape,
  { sum, image, column }: { sum: string; image: string; column: (pixel: number, kw: number) => number },
) => ({
  columns: columns(s),
  taps: s.kernelWidth,
  sums: Array.from({ length: pixels }, (_, p) => {
    const products = Array.from({ length: s.kernelWidth }, (_, kw) => `${image}${column(p, kw)} * w${kw}`);
    return `${sum}${p} += ${products.join(' + ')};`;
  }).join('\n    '),
});

/** True if neighboring pixels of y and neighboring kernel elements are both one column of x apart. */
const sliding = ({ strideX, dilationX = 1 }: DepthwiseConv2dShape) => strideX === 1 && dilationX === 1;

export const depthwiseConv2dForward: Kernel<DepthwiseConv2dShape> = {
  name: 'depthwise_conv2d_forward',
  source: forwardSource + windowSizes + channelQuad + depthwiseX + bias + activate + nan,
  flags: (s) => ({
    ...inFlags(s),
    ...quadFlags(outChannels(s), 'w', 'y'),
    vec_bias: outChannels(s) % 4 === 0,
    padded: padded(s),
    bounded: padded(s) || s.outWidth % pixels !== 0,
    written_out: columns(s) <= mostColumns,
    ...writtenOut(s, { sum: 'y', image: 'x', column: (p, kw) => p * s.strideX + kw * (s.dilationX ?? 1) }),
    use_bias: s.useBias,
    ...activationFlags(s.activation),
  }),
  constants,
  buffers: (s) => ({ x: elementsIn(s), w: weights(s), ...(s.useBias && { b: outChannels(s) }), y: elementsOut(s) }),
  workgroups: (s) => spread(s.batch * s.outHeight * ceilDiv(s.outWidth, pixels) * ceilDiv(outChannels(s), 4)),
  cost,
};

/** With a stride of one column, every pixel of x meets every element of a kernel row. */
const meetsWholeRows = (s: DepthwiseConv2dShape) => s.strideX === 1 && columns(s) <= mostColumns;
const pixelsOfX = (s: DepthwiseConv2dShape) => (meetsWholeRows(s) ? pixels : 1);

export const depthwiseConv2dBackwardX: Kernel<DepthwiseConv2dShape> = {
  name: 'depthwise_conv2d_backward_x',
  source: backwardXSource + windowSizes + storeDx + derivative,
  flags: (s) => ({
    ...inFlags(s),
    dx: 'dx',
    written_out: meetsWholeRows(s),
    ...writtenOut(s, { sum: 'dx', image: 'dy', column: (p, kw) => p + (s.kernelWidth - 1 - kw) * (s.dilationX ?? 1) }),
    dilated: (s.dilationY ?? 1) > 1 || (s.dilationX ?? 1) > 1,
    pixels: pixelsOfX(s),
    activated: s.inActivation !== 'linear',
    ...activationFlags(s.inActivation),
  }),
  constants,
  buffers: (s) => ({
    w: weights(s),
    dy: elementsOut(s),
    dx: elementsIn(s),
    ...(s.inActivation !== 'linear' && { x: elementsIn(s) }),
  }),
  workgroups: (s) => spread(s.batch * s.inHeight * ceilDiv(s.inWidth, pixelsOfX(s)) * ceilDiv(s.channels, 4)),
  cost,
};

/** Maximum number of elements of a kernel row per invocation; they stay in registers. */
const mostTaps = 5;

/** Number of elements per piece when a kernel row is split into equal pieces. */
const taps = (s: DepthwiseConv2dShape) => ceilDiv(s.kernelWidth, ceilDiv(s.kernelWidth, mostTaps));

/** Number of invocations of the filter gradient if its sum is not split. */
export const depthwiseGradientTiles = (s: DepthwiseConv2dShape): number =>
  s.kernelHeight * ceilDiv(s.kernelWidth, taps(s)) * ceilDiv(outChannels(s), 4);

/** A small filter has fewer tiles than fit a workgroup. */
const workgroupSize = (s: DepthwiseConv2dShape) => Math.min(64, depthwiseGradientTiles(s));

export const depthwiseConv2dBackwardW: Kernel<DepthwiseConv2dShape> = {
  name: 'depthwise_conv2d_backward_w',
  source: backwardWSource + windowSizes + channelQuad + storeDb + depthwiseX,
  flags: (s) => ({
    ...inFlags(s),
    ...quadFlags(outChannels(s), 'dy', 'dw'),
    padded: padded(s),
    bounded: padded(s) || s.kernelWidth % taps(s) !== 0,
    sliding: sliding(s),
    taps: taps(s),
    slide: Array.from({ length: taps(s) - 1 }, (_, k) => `x${k} = x${k + 1};`).join(' '),
    newest: `x${taps(s) - 1}`,
    use_bias: s.useBias,
    stores_db: s.useBias,
    workgroup_size: workgroupSize(s),
  }),
  constants: (s) => ({ ...constants(s), parts: s.parts }),
  buffers: (s) => ({
    x: elementsIn(s),
    dy: elementsOut(s),
    dw: s.parts * weights(s),
    ...(s.useBias && { db: s.parts * outChannels(s) }),
  }),
  workgroups: (s) => [ceilDiv(depthwiseGradientTiles(s), workgroupSize(s)), s.parts],
  cost,
};
