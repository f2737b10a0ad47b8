import type { Activation } from '../../kernels/activation.ts';
import type { Conv2dShape } from '../../kernels/conv2d.ts';
import { type Conv2dTransposeShape, transposedAxis } from '../../kernels/conv2d_transpose.ts';
import type { DepthwiseConv2dShape } from '../../kernels/depthwise_conv2d.ts';
import type { MaxPoolShape } from '../../kernels/max_pool.ts';

type Pair = [number, number];

interface Windows {
  batch: number;
  /** Height and width, as in all pairs. */
  size: Pair;
  channels: number;
  strides: Pair;
  padding: 'valid' | 'same';
  dilation?: Pair;
}

/** A convolution with a model's options. */
export interface Convolution extends Windows {
  filters: number;
  kernelSize: Pair;
  useBias: boolean;
  activation: Activation;
  inActivation: Activation;
  pooled: boolean;
  parts: number;
  groups?: number;
}

/** A depthwise convolution with a model's options. */
export interface DepthwiseConvolution extends Omit<Convolution, 'filters' | 'pooled' | 'groups'> {
  multiplier: number;
}

/** A transposed convolution with a model's options. */
export type TransposedConvolution = Omit<Convolution, 'pooled' | 'groups'>;

/** Default options of a plain convolution. */
export const plain = {
  strides: [1, 1],
  padding: 'valid',
  useBias: true,
  activation: 'linear',
  inActivation: 'linear',
  pooled: false,
  parts: 1,
} satisfies Partial<Convolution>;

/** A pool with a model's options. */
export interface Pool extends Windows {
  poolSize: Pair;
}

/** Number of window positions along an axis and the padding before it, by TensorFlow's rules. */
function slide(n: number, window: number, stride: number, padding: 'valid' | 'same'): { out: number; before: number } {
  if (padding === 'valid') return { out: Math.floor((n - window) / stride) + 1, before: 0 };
  const out = Math.ceil(n / stride);
  return { out, before: Math.floor(Math.max(0, (out - 1) * stride + window - n) / 2) };
}

function place({ batch, size, strides, padding, dilation = [1, 1] }: Windows, window: Pair) {
  const span = (i: number) => (window[i]! - 1) * dilation[i]! + 1;
  const [rows, columns] = [0, 1].map((i) => slide(size[i]!, span(i), strides[i]!, padding));
  return {
    batch,
    inHeight: size[0],
    inWidth: size[1],
    outHeight: rows!.out,
    outWidth: columns!.out,
    strideY: strides[0],
    strideX: strides[1],
    padTop: rows!.before,
    padLeft: columns!.before,
  };
}

const dilationOf = ({ dilation }: Windows) => dilation && { dilationY: dilation[0], dilationX: dilation[1] };

/** Options that plain and depthwise convolutions share. */
const filtered = (c: Pick<Convolution, keyof Convolution & keyof DepthwiseConvolution>) => ({
  ...place(c, c.kernelSize),
  ...dilationOf(c),
  kernelHeight: c.kernelSize[0],
  kernelWidth: c.kernelSize[1],
  useBias: c.useBias,
  activation: c.activation,
  inActivation: c.inActivation,
  parts: c.parts,
});

export const convolution = (c: Convolution): Conv2dShape => ({
  ...filtered(c),
  ...(c.groups !== undefined && { groups: c.groups }),
  inChannels: c.channels,
  outChannels: c.filters,
  pooled: c.pooled,
});

export const pool = (p: Pool): MaxPoolShape => ({
  ...place(p, p.poolSize),
  channels: p.channels,
  poolHeight: p.poolSize[0],
  poolWidth: p.poolSize[1],
});

export const depthwise = (c: DepthwiseConvolution): DepthwiseConv2dShape => ({
  ...filtered(c),
  channels: c.channels,
  multiplier: c.multiplier,
});

export function transposed(c: TransposedConvolution): Conv2dTransposeShape {
  const [rows, columns] = [0, 1].map((i) =>
    transposedAxis(c.size[i]!, c.kernelSize[i]!, c.strides[i]!, c.padding, c.dilation?.[i]),
  );
  return {
    ...dilationOf(c),
    batch: c.batch,
    inHeight: c.size[0],
    inWidth: c.size[1],
    inChannels: c.channels,
    outHeight: rows!.length,
    outWidth: columns!.length,
    outChannels: c.filters,
    kernelHeight: c.kernelSize[0],
    kernelWidth: c.kernelSize[1],
    strideY: c.strides[0],
    strideX: c.strides[1],
    padTop: rows!.pad,
    padLeft: columns!.pad,
    useBias: c.useBias,
    activation: c.activation,
    inActivation: c.inActivation,
    parts: c.parts,
  };
}
