import type { DenseShape } from '../../kernels/dense.ts';
import type { CompiledNode } from '../../model/graph.ts';
import { denseBackwardW, denseBackwardX, denseForward } from '../dense.ts';
import type { LayerTwin } from '../layer_twin.ts';

export const denseTwin: LayerTwin<'dense'> = {
  forward(layer, { batch, inputs: [x], tensors: { kernel, bias } }) {
    return { z: denseForward(shapeOf(layer, batch), { x: x!, w: kernel!, ...(bias && { b: bias }) }).y };
  },
  backward(layer, { batch, inputs: [x], tensors: { kernel } }, dz) {
    const shape = shapeOf(layer, batch);
    const { dw, db } = denseBackwardW(shape, { x: x!, dy: dz });
    return { dx: [denseBackwardX(shape, { w: kernel!, dy: dz }).dx], tensors: { kernel: dw, bias: db } };
  },
};

const shapeOf = (layer: CompiledNode<'dense'>, batch: number): DenseShape => ({
  batch,
  inputs: layer.inputShape[0]!,
  outputs: layer.outputShape[0]!,
  useBias: layer.config.useBias,
  activation: 'linear',
  inActivation: 'linear',
});
