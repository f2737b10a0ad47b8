import type { Conv2dShape } from '../../kernels/conv2d.ts';
import { convolutionKernelsFor, depthwiseConv2dKernelsFor } from '../../kernels/further_convolutions.ts';
import { product } from '../../product.ts';
import type { Lowering } from '../lowering.ts';
import { depthwiseShape } from './depthwise_conv2d.ts';
import { planFilterGradient } from './weight_gradient.ts';

/** A depthwise convolution without a bias, followed by a 1x1 convolution. */
export const lowerSeparableConv2d: Lowering<'separableConv2d'> = (layer, context) => {
  const { x, batch } = context;
  const [outHeight, outWidth, filters] = layer.outputShape as [number, number, number];
  const { between } = layer.details;
  const first = depthwiseShape(layer, layer.outputShape, batch, false, 'linear', x.activation);
  const firstKernels = depthwiseConv2dKernelsFor(first, context.traits);
  const second: Conv2dShape = {
    batch,
    inHeight: outHeight,
    inWidth: outWidth,
    inChannels: between,
    outHeight,
    outWidth,
    outChannels: filters,
    kernelHeight: 1,
    kernelWidth: 1,
    strideY: 1,
    strideX: 1,
    padTop: 0,
    padLeft: 0,
    useBias: layer.config.useBias,
    activation: context.activation,
    inActivation: 'linear',
    pooled: false,
    parts: 1,
  };
  const secondKernels = convolutionKernelsFor(second, context.traits);
  const [depthwise, pointwise] = [context.tensor('depthwiseKernel')!, context.tensor('pointwiseKernel')!];
  const bias = context.tensor('bias')?.w;
  const middle = context.kept('depthwise', batch * outHeight * outWidth * between);
  const value = context.value(layer.outputShape);
  context.forward(firstKernels.forward, first, { x: x.ref, w: depthwise.w, y: middle });
  const pointwiseBuffers = { x: middle, w: pointwise.w, ...(bias && { b: bias }), y: value.ref };
  context.forward(secondKernels.forward, second, pointwiseBuffers);
  return {
    value,
    backward: (dy) => {
      planFilterGradient(
        context,
        secondKernels.backwardW,
        { ...second, parts: secondKernels.parts },
        {
          inputs: { x: middle, dy },
          weights: between * filters,
          biases: filters,
          kernel: 'pointwiseKernel',
        },
      );
      const target = context.gradient();
      if (!target && !depthwise.dw) return;
      const inner = context.scratch('depthwise.dy', batch * outHeight * outWidth * between);
      context.backward(secondKernels.backwardX, second, { w: pointwise.w, dy, dx: inner });
      planFilterGradient(
        context,
        firstKernels.backwardW,
        { ...first, parts: firstKernels.parts },
        {
          inputs: { x: x.ref, dy: inner },
          weights: product([first.kernelHeight, first.kernelWidth, between]),
          biases: between,
          kernel: 'depthwiseKernel',
        },
      );
      if (!target) return;
      const derivative = target.activation !== 'linear' && { x: x.ref };
      const shape = { ...first, inActivation: target.activation };
      context.backward(firstKernels.backwardX, shape, { w: depthwise.w, dy: inner, dx: target.dx, ...derivative });
    },
  };
};
