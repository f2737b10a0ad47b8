import type { DepthwiseConv2dShape } from '../../kernels/depthwise_conv2d.ts';
import type { CompiledNode } from '../../model/graph.ts';
import { depthwiseConv2dBackwardW, depthwiseConv2dBackwardX, depthwiseConv2dForward } from '../depthwise_conv2d.ts';
import type { LayerTwin } from '../layer_twin.ts';

export const depthwiseConv2dTwin: LayerTwin<'depthwiseConv2d'> = {
  forward(layer, { batch, inputs: [x], tensors: { depthwiseKernel: w, bias } }) {
    const shape = depthwiseShapeOf(layer, batch, layer.config.useBias);
    return { z: depthwiseConv2dForward(shape, { x: x!, w: w!, ...(bias && { b: bias }) }).y };
  },
  backward(layer, { batch, inputs: [x], tensors: { depthwiseKernel: w } }, dz) {
    const shape = depthwiseShapeOf(layer, batch, layer.config.useBias);
    const { dw, db } = depthwiseConv2dBackwardW(shape, { x: x!, dy: dz });
    const { dx } = depthwiseConv2dBackwardX(shape, { w: w!, dy: dz });
    return { dx: [dx], tensors: { depthwiseKernel: dw, bias: db } };
  },
};

export const depthwiseShapeOf = (
  { config, details, inputShape, outputShape }: CompiledNode<'depthwiseConv2d' | 'separableConv2d'>,
  batch: number,
  useBias: boolean,
): DepthwiseConv2dShape => ({
  batch,
  inHeight: inputShape[0]!,
  inWidth: inputShape[1]!,
  channels: inputShape[2]!,
  multiplier: config.depthMultiplier,
  outHeight: outputShape[0]!,
  outWidth: outputShape[1]!,
  kernelHeight: details.window[0],
  kernelWidth: details.window[1],
  strideY: details.strides[0],
  strideX: details.strides[1],
  padTop: details.pad[0],
  padLeft: details.pad[1],
  dilationY: details.dilation[0],
  dilationX: details.dilation[1],
  useBias,
  activation: 'linear',
  inActivation: 'linear',
  parts: 1,
});
