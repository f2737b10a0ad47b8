import type { Conv2dShape } from '../../kernels/conv2d.ts';
import type { CompiledNode } from '../../model/graph.ts';
import { conv2dBackwardW, conv2dBackwardX, conv2dForward } from '../conv2d.ts';
import type { LayerTwin } from '../layer_twin.ts';

export const conv2dTwin: LayerTwin<'conv2d'> = {
  forward(layer, { batch, inputs: [x], tensors: { kernel, bias } }) {
    return { z: conv2dForward(shapeOf(layer, batch), { x: x!, w: kernel!, ...(bias && { b: bias }) }).y };
  },
  backward(layer, { batch, inputs: [x], tensors: { kernel } }, dz) {
    const shape = shapeOf(layer, batch);
    const { dw, db } = conv2dBackwardW(shape, { x: x!, dy: dz });
    return { dx: [conv2dBackwardX(shape, { w: kernel!, dy: dz }).dx], tensors: { kernel: dw, bias: db } };
  },
};

const shapeOf = (layer: CompiledNode<'conv2d'>, batch: number): Conv2dShape => ({
  batch,
  inHeight: layer.inputShape[0]!,
  inWidth: layer.inputShape[1]!,
  inChannels: layer.inputShape[2]!,
  outHeight: layer.outputShape[0]!,
  outWidth: layer.outputShape[1]!,
  outChannels: layer.outputShape[2]!,
  kernelHeight: layer.details.window[0],
  kernelWidth: layer.details.window[1],
  strideY: layer.details.strides[0],
  strideX: layer.details.strides[1],
  padTop: layer.details.pad[0],
  padLeft: layer.details.pad[1],
  dilationY: layer.details.dilation[0],
  dilationX: layer.details.dilation[1],
  groups: layer.config.groups,
  useBias: layer.config.useBias,
  activation: 'linear',
  inActivation: 'linear',
  parts: 1,
  pooled: false,
});
