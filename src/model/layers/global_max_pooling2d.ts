import * as v from 'valibot';
import { compileGlobalPool, keepdims } from '../global_pool.ts';
import { defineLayer, layerOptions } from '../layer.ts';

/**
 * The maximum of each channel over all pixels: Keras' GlobalMaxPooling2D. [height, width, channels] -> [channels], or [1, 1,
 * channels] with `keepdims`.
 */
export const globalMaxPooling2dLayer = defineLayer({
  type: 'globalMaxPooling2d',
  kerasName: 'global_max_pooling2d',
  schema: v.strictObject({
    type: v.literal('globalMaxPooling2d'),
    keepdims,
    ...layerOptions,
  }),
  starter: {},
  compile: compileGlobalPool,
});
