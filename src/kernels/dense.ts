import type { Kernel } from '../gpu/kernel.ts';
import type { Activation } from './activation.ts';
import { type Conv2dShape, conv2dBackwardW, conv2dBackwardWNarrow, conv2dBackwardX, conv2dForward } from './conv2d.ts';

/** x [batch, inputs], w [inputs, outputs], b [outputs], y [batch, outputs]. */
export interface DenseShape {
  batch: number;
  inputs: number;
  outputs: number;
  useBias: boolean;
  activation: Activation;
  /** The activation that produced x: its derivative is folded into dx. */
  inActivation: Activation;
}

/**
 * A dense layer is a 1x1 convolution over an image of height 1 whose pixels are the samples of the batch. Both therefore use the same
 * shaders.
 */
export function asConvolution(s: DenseShape): Conv2dShape {
  return {
    batch: 1,
    inHeight: 1,
    inWidth: s.batch,
    inChannels: s.inputs,
    outHeight: 1,
    outWidth: s.batch,
    outChannels: s.outputs,
    kernelHeight: 1,
    kernelWidth: 1,
    strideY: 1,
    strideX: 1,
    padTop: 0,
    padLeft: 0,
    useBias: s.useBias,
    activation: s.activation,
    inActivation: s.inActivation,
    pooled: false,
    parts: 1,
  };
}

/** A product with a single matrix [features, features] that belongs to no layer. */
export const squareProduct = (batch: number, features: number): Conv2dShape =>
  asConvolution({
    batch,
    inputs: features,
    outputs: features,
    useBias: false,
    activation: 'linear',
    inActivation: 'linear',
  });

export const denseForward: Kernel<Conv2dShape> = { ...conv2dForward, name: 'dense_forward' };

/** Requires inputs % 4 = 0; otherwise use denseBackwardWNarrow. */
export const denseBackwardW: Kernel<Conv2dShape> = { ...conv2dBackwardW, name: 'dense_backward_w' };
export const denseBackwardWNarrow: Kernel<Conv2dShape> = { ...conv2dBackwardWNarrow, name: 'dense_backward_w_narrow' };
export const denseBackwardX: Kernel<Conv2dShape> = { ...conv2dBackwardX, name: 'dense_backward_x' };
