import type { MaxPoolShape } from '../../kernels/max_pool.ts';
import type { CompiledNode } from '../../model/graph.ts';

/** A layer that slides a window over images, with strides and padding. */
interface WindowedLayer {
  inputShape: readonly number[];
  details: { strides: readonly [number, number]; pad: readonly [number, number] };
}

/** The sizes that the kernels of all such layers share, in pixels: images in and out, strides and padding. */
export function windowSizes({ inputShape, details: { strides, pad } }: WindowedLayer, outputShape: readonly number[]) {
  return {
    inHeight: inputShape[0]!,
    inWidth: inputShape[1]!,
    outHeight: outputShape[0]!,
    outWidth: outputShape[1]!,
    strideY: strides[0],
    strideX: strides[1],
    padTop: pad[0],
    padLeft: pad[1],
  };
}

export function poolShape(layer: CompiledNode<'maxPooling2d' | 'averagePooling2d'>, batch: number): MaxPoolShape {
  const { window } = layer.details;
  return {
    batch,
    ...windowSizes(layer, layer.outputShape),
    channels: layer.inputShape[2]!,
    poolHeight: window[0],
    poolWidth: window[1],
  };
}
