import { fillLayer } from './fill_layer.ts';
import type { LayerConfigOf, LayerType } from './layers/index.ts';

/** What a factory takes: the options of a layer type, without the type. */
export type OptionsOf<T extends LayerType> = Omit<LayerConfigOf<T>, 'type'>;

/** A layer as plain JSON, checked at once. */
function layer<T extends LayerType>(type: T, options: OptionsOf<T>): LayerConfigOf<T> {
  const json = { type, ...options } as unknown as LayerConfigOf<T>;
  fillLayer(json, 1);
  return json;
}

/**
 * A two-dimensional convolution: Keras' Conv2D. x [batch, height, width, channels], kernel
 * [kernelHeight, kernelWidth, channels, filters], bias [filters].
 */
export const conv2d = (options: OptionsOf<'conv2d'>): LayerConfigOf<'conv2d'> => layer('conv2d', options);

/** The largest element of each window: Keras' MaxPooling2D. `strides` is `poolSize` by default. */
export const maxPooling2d = (options: OptionsOf<'maxPooling2d'> = {}): LayerConfigOf<'maxPooling2d'> =>
  layer('maxPooling2d', options);

/** [batch, height, width, channels] -> [batch, height * width * channels]: Keras' Flatten. */
export const flatten = (options: OptionsOf<'flatten'> = {}): LayerConfigOf<'flatten'> => layer('flatten', options);

/** x [batch, inputs] times kernel [inputs, units] plus bias [units]: Keras' Dense. */
export const dense = (options: OptionsOf<'dense'>): LayerConfigOf<'dense'> => layer('dense', options);
