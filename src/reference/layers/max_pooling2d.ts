import type { MaxPoolShape } from '../../kernels/max_pool.ts';
import type { CompiledNode } from '../../model/graph.ts';
import type { LayerTwin } from '../layer_twin.ts';
import { maxPoolBackward, maxPoolForward } from '../max_pool.ts';

export const maxPooling2dTwin: LayerTwin<'maxPooling2d'> = {
  forward(layer, { batch, inputs: [x] }) {
    const { y, won } = maxPoolForward(shapeOf(layer, batch), { x: x! });
    return { z: y, kept: won };
  },
  backward(layer, { batch, kept }, dz) {
    return { dx: [maxPoolBackward(shapeOf(layer, batch), { dy: dz, won: kept as Uint8Array }).dx] };
  },
};

const shapeOf = (layer: CompiledNode<'maxPooling2d'>, batch: number): MaxPoolShape => ({
  batch,
  inHeight: layer.inputShape[0]!,
  inWidth: layer.inputShape[1]!,
  channels: layer.inputShape[2]!,
  outHeight: layer.outputShape[0]!,
  outWidth: layer.outputShape[1]!,
  poolHeight: layer.details.window[0],
  poolWidth: layer.details.window[1],
  strideY: layer.details.strides[0],
  strideX: layer.details.strides[1],
  padTop: layer.details.pad[0],
  padLeft: layer.details.pad[1],
});
