import * as v from 'valibot';
import { compileGlobalPool, keepdims } from '../global_pool.ts';
import { defineLayer, layerOptions } from '../layer.ts';

/** The mean of each channel over all pixels: Keras' GlobalAveragePooling2D. [height, width, channels] -> [channels], or [1, 1, channels] with `keepdims`. */
export const globalAveragePooling2dLayer = defineLayer({
  type: 'globalAveragePooling2d',
  kerasName: 'global_average_pooling2d',
  schema: v.strictObject({
    type: v.literal('globalAveragePooling2d'),
    keepdims,
    ...layerOptions,
  }),
  starter: {},
  compile: compileGlobalPool,
});
