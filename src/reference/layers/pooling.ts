import type { MaxPoolShape } from '../../kernels/max_pool.ts';
import type { CompiledNode } from '../../model/graph.ts';
import { averagePoolBackward, averagePoolForward } from '../average_pool.ts';
import {
  globalAveragePoolBackward,
  globalAveragePoolForward,
  globalMaxPoolBackward,
  globalMaxPoolForward,
} from '../global_pool.ts';
import type { LayerTwin } from '../layer_twin.ts';
import { maxPoolBackward, maxPoolForward } from '../max_pool.ts';

export const maxPooling2dTwin: LayerTwin<'maxPooling2d'> = {
  forward(layer, { batch, inputs: [x] }) {
    const { y, argmax } = maxPoolForward(windows(layer, batch), { x: x! });
    return { z: y, kept: argmax };
  },
  backward(layer, { batch, kept }, dz) {
    return { dx: [maxPoolBackward(windows(layer, batch), { dy: dz, argmax: kept as Uint8Array }).dx] };
  },
};

export const averagePooling2dTwin: LayerTwin<'averagePooling2d'> = {
  forward: (layer, { batch, inputs: [x] }) => ({ z: averagePoolForward(averages(layer, batch), { x: x! }).y }),
  backward: (layer, { batch }, dz) => ({ dx: [averagePoolBackward(averages(layer, batch), { dy: dz }).dx] }),
};

export const globalAveragePooling2dTwin: LayerTwin<'globalAveragePooling2d'> = {
  forward: (layer, { batch, inputs: [x] }) => ({ z: globalAveragePoolForward(whole(layer, batch), { x: x! }).y }),
  backward: (layer, { batch }, dz) => ({ dx: [globalAveragePoolBackward(whole(layer, batch), { dy: dz }).dx] }),
};

export const globalMaxPooling2dTwin: LayerTwin<'globalMaxPooling2d'> = {
  forward(layer, { batch, inputs: [x] }) {
    const { y, argmax } = globalMaxPoolForward(whole(layer, batch), { x: x! });
    return { z: y, kept: argmax };
  },
  backward(layer, { batch, kept }, dz) {
    return { dx: [globalMaxPoolBackward(whole(layer, batch), { dy: dz, argmax: kept as Uint32Array }).dx] };
  },
};

const averages = (layer: CompiledNode<'averagePooling2d'>, batch: number) => ({
  ...windows(layer, batch),
  inActivation: 'linear' as const,
});

const whole = (layer: CompiledNode<'globalAveragePooling2d' | 'globalMaxPooling2d'>, batch: number) => ({
  batch,
  pixels: layer.details.pixels,
  channels: layer.inputShape[2]!,
  inActivation: 'linear' as const,
});

const windows = (
  { details, inputShape, outputShape }: CompiledNode<'maxPooling2d' | 'averagePooling2d'>,
  batch: number,
): MaxPoolShape => ({
  batch,
  inHeight: inputShape[0]!,
  inWidth: inputShape[1]!,
  channels: inputShape[2]!,
  outHeight: outputShape[0]!,
  outWidth: outputShape[1]!,
  poolHeight: details.window[0],
  poolWidth: details.window[1],
  strideY: details.strides[0],
  strideX: details.strides[1],
  padTop: details.pad[0],
  padLeft: details.pad[1],
});
