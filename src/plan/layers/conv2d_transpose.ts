import type { Conv2dTransposeShape } from '../../kernels/conv2d_transpose.ts';
import { conv2dTransposeKernelsFor } from '../../kernels/further_convolutions.ts';
import type { Lowering } from '../lowering.ts';
import { foldNorm, planFilterGradient } from './weight_gradient.ts';
import { windowSizes } from './window.ts';

export const lowerConv2dTranspose: Lowering<'conv2dTranspose'> = (layer, context) => {
  const { x } = context;
  const { window, dilation } = layer.details;
  const shape: Conv2dTransposeShape = {
    batch: context.batch,
    ...windowSizes(layer, layer.outputShape),
    inChannels: layer.inputShape[2]!,
    outChannels: layer.config.filters,
    kernelHeight: window[0],
    kernelWidth: window[1],
    dilationY: dilation[0],
    dilationX: dilation[1],
    useBias: layer.config.useBias,
    activation: context.activation,
    inActivation: x.activation,
    parts: 1,
  };
  const kernels = conv2dTransposeKernelsFor(shape, context.traits);
  const weights = window[0] * window[1] * shape.inChannels * shape.outChannels;
  const { buffers, useBias } = foldNorm(context, { rows: weights / shape.outChannels, channels: shape.outChannels });
  const value = context.value(layer.outputShape);
  context.forward(kernels.forward, { ...shape, useBias }, { x: x.ref, ...buffers, y: value.ref });
  return {
    value,
    backward: (dy) => {
      planFilterGradient(
        context,
        kernels.backwardW,
        { ...shape, parts: kernels.parts },
        {
          inputs: { x: x.ref, dy },
          weights,
          biases: shape.outChannels,
          kernel: 'kernel',
        },
      );
      const target = context.gradient();
      if (!target) return;
      const derivative = target.activation !== 'linear' && { x: x.ref };
      const inner = { ...shape, inActivation: target.activation };
      context.backward(kernels.backwardX, inner, { w: buffers.w, dy, dx: target.dx, ...derivative });
    },
  };
};
