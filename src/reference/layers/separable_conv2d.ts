import type { CompiledNode } from '../../model/graph.ts';
import { denseBackwardW, denseBackwardX, denseForward } from '../dense.ts';
import { depthwiseConv2dBackwardW, depthwiseConv2dBackwardX, depthwiseConv2dForward } from '../depthwise_conv2d.ts';
import type { LayerTwin } from '../layer_twin.ts';
import { depthwiseShapeOf } from './depthwise_conv2d.ts';

/** A 1x1 convolution is a dense layer applied to every pixel. */
const pointwise = (layer: CompiledNode<'separableConv2d'>, batch: number) => ({
  batch: batch * layer.outputShape[0]! * layer.outputShape[1]!,
  inputs: layer.details.between,
  outputs: layer.config.filters,
  useBias: layer.config.useBias,
  activation: 'linear' as const,
  inActivation: 'linear' as const,
});

export const separableConv2dTwin: LayerTwin<'separableConv2d'> = {
  forward(layer, { batch, inputs: [x], tensors: { depthwiseKernel, pointwiseKernel, bias } }) {
    const first = depthwiseShapeOf(layer, batch, false);
    const { y } = depthwiseConv2dForward(first, { x: x!, w: depthwiseKernel! });
    const z = denseForward(pointwise(layer, batch), { x: y, w: pointwiseKernel!, ...(bias && { b: bias }) }).y;
    return { z, kept: y };
  },
  backward(layer, { batch, inputs: [x], tensors: { depthwiseKernel, pointwiseKernel }, kept }, dz) {
    const first = depthwiseShapeOf(layer, batch, false);
    const second = pointwise(layer, batch);
    const inner = denseBackwardW(second, { x: kept as Float64Array, dy: dz });
    const dy = denseBackwardX(second, { w: pointwiseKernel!, dy: dz }).dx;
    const { dw } = depthwiseConv2dBackwardW(first, { x: x!, dy });
    return {
      dx: [depthwiseConv2dBackwardX(first, { w: depthwiseKernel!, dy }).dx],
      tensors: { depthwiseKernel: dw, pointwiseKernel: inner.dw, bias: inner.db },
    };
  },
};
