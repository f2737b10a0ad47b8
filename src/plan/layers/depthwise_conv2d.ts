import type { Activation } from '../../kernels/activation.ts';
import type { DepthwiseConv2dShape } from '../../kernels/depthwise_conv2d.ts';
import { depthwiseConv2dKernelsFor } from '../../kernels/further_convolutions.ts';
import type { CompiledNode } from '../../model/graph.ts';
import type { Lowering } from '../lowering.ts';
import { foldNorm, planFilterGradient } from './weight_gradient.ts';
import { windowSizes } from './window.ts';

export const lowerDepthwiseConv2d: Lowering<'depthwiseConv2d'> = (layer, context) => {
  const { x } = context;
  const { useBias } = layer.config;
  const shape = depthwiseShape(layer, layer.outputShape, context.batch, useBias, context.activation, x.activation);
  const kernels = depthwiseConv2dKernelsFor(shape, context.traits);
  const outputs = shape.channels * shape.multiplier;
  const rows = shape.kernelHeight * shape.kernelWidth;
  const { buffers, useBias: addsBias } = foldNorm(context, { rows, channels: outputs, kernel: 'depthwiseKernel' });
  const value = context.value(layer.outputShape);
  context.forward(kernels.forward, { ...shape, useBias: addsBias }, { x: x.ref, ...buffers, y: value.ref });
  return {
    value,
    backward: (dy) => {
      planFilterGradient(
        context,
        kernels.backwardW,
        { ...shape, parts: kernels.parts },
        {
          inputs: { x: x.ref, dy },
          weights: rows * outputs,
          biases: outputs,
          kernel: 'depthwiseKernel',
        },
      );
      const target = context.gradient();
      if (!target) return;
      context.backward(
        kernels.backwardX,
        { ...shape, inActivation: target.activation },
        {
          w: context.tensor('depthwiseKernel')!.w,
          dy,
          dx: target.dx,
          ...(target.activation !== 'linear' && { x: x.ref }),
        },
      );
    },
  };
};

/** @param outputShape of the depthwise convolution itself. */
export function depthwiseShape(
  layer: CompiledNode<'depthwiseConv2d' | 'separableConv2d'>,
  outputShape: readonly number[],
  batch: number,
  useBias: boolean,
  activation: Activation,
  inActivation: Activation,
): DepthwiseConv2dShape {
  const { window, dilation } = layer.details;
  return {
    batch,
    ...windowSizes(layer, outputShape),
    channels: layer.inputShape[2]!,
    multiplier: layer.config.depthMultiplier,
    kernelHeight: window[0],
    kernelWidth: window[1],
    dilationY: dilation[0],
    dilationX: dilation[1],
    useBias,
    activation,
    inActivation,
    parts: 1,
  };
}
