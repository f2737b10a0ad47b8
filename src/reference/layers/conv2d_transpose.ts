import type { Conv2dTransposeShape } from '../../kernels/conv2d_transpose.ts';
import type { CompiledNode } from '../../model/graph.ts';
import { conv2dTransposeBackwardW, conv2dTransposeBackwardX, conv2dTransposeForward } from '../conv2d_transpose.ts';
import type { LayerTwin } from '../layer_twin.ts';

export const conv2dTransposeTwin: LayerTwin<'conv2dTranspose'> = {
  forward(layer, { batch, inputs: [x], tensors: { kernel, bias } }) {
    return { z: conv2dTransposeForward(shapeOf(layer, batch), { x: x!, w: kernel!, ...(bias && { b: bias }) }).y };
  },
  backward(layer, { batch, inputs: [x], tensors: { kernel } }, dz) {
    const shape = shapeOf(layer, batch);
    const { dw, db } = conv2dTransposeBackwardW(shape, { x: x!, dy: dz });
    return { dx: [conv2dTransposeBackwardX(shape, { w: kernel!, dy: dz }).dx], tensors: { kernel: dw, bias: db } };
  },
};

const shapeOf = (
  { config, details, inputShape, outputShape }: CompiledNode<'conv2dTranspose'>,
  batch: number,
): Conv2dTransposeShape => ({
  batch,
  inHeight: inputShape[0]!,
  inWidth: inputShape[1]!,
  inChannels: inputShape[2]!,
  outHeight: outputShape[0]!,
  outWidth: outputShape[1]!,
  outChannels: outputShape[2]!,
  kernelHeight: details.window[0],
  kernelWidth: details.window[1],
  strideY: details.strides[0],
  strideX: details.strides[1],
  padTop: details.pad[0],
  padLeft: details.pad[1],
  dilationY: details.dilation[0],
  dilationX: details.dilation[1],
  useBias: config.useBias,
  activation: 'linear',
  inActivation: 'linear',
  parts: 1,
});
