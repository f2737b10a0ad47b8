import activate from '../../shaders/lib/activate.wgsl?raw';
import beforeX from '../../shaders/lib/before_x.wgsl?raw';
import bias from '../../shaders/lib/bias.wgsl?raw';
import derivative from '../../shaders/lib/derivative.wgsl?raw';
import nan from '../../shaders/lib/nan.wgsl?raw';
import sumOfDy from '../../shaders/lib/sum_of_dy.wgsl?raw';
import transposedBias from '../../shaders/lib/transposed_bias.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { activationFlags } from './activation.ts';
import {
  backwardXText,
  type Conv2dShape,
  conv2dBackwardW,
  conv2dBackwardWNarrow,
  conv2dBackwardX,
  conv2dForward,
  forwardText,
  forwardTextFlags,
} from './conv2d.ts';

/**
 * NHWC images and a [kernelHeight, kernelWidth, outChannels, inChannels] kernel, as in Keras. "in" and "out" refer to the
 * layer's own input and output; kernel element (kh, kw) maps row iy of x to row iy * strideY + kh - padTop of y.
 */
export type Conv2dTransposeShape = Omit<Conv2dShape, 'pooled' | 'groups'>;

/**
 * One axis of a transposed convolution's output: its length, and the number of elements cropped at its start. Follows Keras'
 * `deconv_output_length` without `output_padding`, and TensorFlow's `same`, which crops the odd element at the end.
 */
export function transposedAxis(
  length: number,
  kernel: number,
  stride: number,
  padding: 'valid' | 'same',
  dilation = 1,
): { length: number; pad: number } {
  const overlap = Math.max(0, (kernel - 1) * dilation + 1 - stride);
  if (padding === 'same') return { length: length * stride, pad: Math.floor(overlap / 2) };
  return { length: length * stride + overlap, pad: 0 };
}

type Sizes = Pick<Conv2dShape, `${'in' | 'out'}${'Height' | 'Width' | 'Channels'}`>;

/** The sizes of a convolution in the other direction. */
export const reversedSizes = (s: Sizes): Sizes => ({
  inHeight: s.outHeight,
  inWidth: s.outWidth,
  inChannels: s.outChannels,
  outHeight: s.inHeight,
  outWidth: s.inWidth,
  outChannels: s.inChannels,
});

/** The convolution from y to x whose data gradient equals this transposed convolution. Its kernel is the same array. */
export const transposedConvolution = (s: Conv2dTransposeShape): Conv2dShape => ({
  ...s,
  ...reversedSizes(s),
  // Bias and activations are those of the layer, which the kernels below add.
  useBias: false,
  activation: 'linear',
  inActivation: 'linear',
  pooled: false,
});

const elementsIn = (s: Conv2dTransposeShape) => s.batch * s.inHeight * s.inWidth * s.inChannels;
const elementsOut = (s: Conv2dTransposeShape) => s.batch * s.outHeight * s.outWidth * s.outChannels;
const weights = (s: Conv2dTransposeShape) => s.kernelHeight * s.kernelWidth * s.outChannels * s.inChannels;

const cost = (s: Conv2dTransposeShape) => ({
  flops: 2 * s.batch * s.inHeight * s.inWidth * weights(s),
  bytes: 4 * (elementsIn(s) + weights(s) + elementsOut(s)),
});

/** The data gradient of a convolution, from x to y, followed by bias and activation. */
export const conv2dTransposeForward: Kernel<Conv2dTransposeShape> = {
  name: 'conv2d_transpose_forward',
  source: backwardXText + transposedBias + bias + activate + nan,
  variants: (s, traits) => conv2dBackwardX.variants!(transposedConvolution(s), traits),
  flags: (s, v) => ({
    ...conv2dBackwardX.flags!(transposedConvolution(s), v),
    ...{ dy: 'x', dx: 'y', finished: 'activate(sum + bias(ci + 16u * c, in_channels - 1u))' },
    use_bias: s.useBias,
    vec_bias: s.outChannels % 4 === 0,
    ...activationFlags(s.activation),
  }),
  constants: (s, v) => conv2dBackwardX.constants!(transposedConvolution(s), v),
  buffers: (s) => ({ x: elementsIn(s), w: weights(s), ...(s.useBias && { b: s.outChannels }), y: elementsOut(s) }),
  workgroups: (s, v) => conv2dBackwardX.workgroups(transposedConvolution(s), v),
  cost,
};

/** A convolution from dy to dx, times the derivative of the activation that produced x. */
export const conv2dTransposeBackwardX: Kernel<Conv2dTransposeShape> = {
  name: 'conv2d_transpose_backward_x',
  source: forwardText + beforeX + derivative,
  variants: (s, traits) => conv2dForward.variants!(transposedConvolution(s), traits),
  flags: (s, v) => ({
    ...forwardTextFlags(transposedConvolution(s), v),
    ...{ x: 'dy', y: 'dx', stored: 'dx' },
    shift: 'vec4f()',
    finished: s.inActivation === 'linear' ? 'sum' : 'before_x(sum, first + i, co + 16u * c)',
    activated: s.inActivation !== 'linear',
    ...activationFlags(s.inActivation),
  }),
  constants: (s, v) => conv2dForward.constants!(transposedConvolution(s), v),
  buffers: (s) => ({
    w: weights(s),
    dy: elementsOut(s),
    dx: elementsIn(s),
    ...(s.inActivation !== 'linear' && { x: elementsIn(s) }),
  }),
  workgroups: (s, v) => conv2dForward.workgroups(transposedConvolution(s), v),
  cost,
};

/** The filter gradient of a convolution with x and dy exchanged. One more workgroup per part computes db, if there is a bias. */
const backwardW = (name: string, kernel: Kernel<Conv2dShape>): Kernel<Conv2dTransposeShape> => ({
  name,
  source: `${kernel.source}${sumOfDy}`,
  variants: (s, traits) => kernel.variants!(transposedConvolution(s), traits),
  flags: (s, v) => ({
    ...kernel.flags!(transposedConvolution(s), v),
    ...{ x: 'dy', dy: 'x', loaded: 'x', db: 'f32' },
    // The convolution's own bias sums would be taken over the wrong tensor, so they are omitted.
    use_bias: s.useBias,
    stores_db: false,
    sums_dy: s.useBias,
    narrow: kernel === conv2dBackwardWNarrow,
  }),
  constants: (s, v) => kernel.constants!(transposedConvolution(s), v),
  buffers: (s) => ({
    x: elementsIn(s),
    dy: elementsOut(s),
    dw: s.parts * weights(s),
    ...(s.useBias && { db: s.parts * s.outChannels }),
  }),
  workgroups: (s, v) => {
    const [groups, parts] = kernel.workgroups(transposedConvolution(s), v);
    return [groups + Number(s.useBias), parts!];
  },
  cost,
});

/** Requires outChannels % 4 = 0; otherwise use conv2dTransposeBackwardWNarrow. */
export const conv2dTransposeBackwardW = backwardW('conv2d_transpose_backward_w', conv2dBackwardW);
export const conv2dTransposeBackwardWNarrow = backwardW('conv2d_transpose_backward_w_narrow', conv2dBackwardWNarrow);
