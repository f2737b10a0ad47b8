import * as v from 'valibot';
import { defineLayer, layerOptions, needImage, padding, pair, size } from '../layer.ts';
import { slide } from '../window.ts';

/** The mean of each window: Keras' AveragePooling2D. What `same` pads doesn't count. `strides` is `poolSize` by default. */
export const averagePooling2dLayer = defineLayer({
  type: 'averagePooling2d',
  kerasName: 'average_pooling2d',
  schema: v.strictObject({
    type: v.literal('averagePooling2d'),
    poolSize: v.optional(size, 2),
    strides: v.optional(size),
    padding,
    ...layerOptions,
  }),
  starter: {},
  compile(config, [shape], subject) {
    const [, , channels] = needImage(subject, shape!);
    const window = pair(config.poolSize);
    const strides = config.strides === undefined ? window : pair(config.strides);
    const { size, ...details } = slide(subject, shape!, window, strides, config.padding);
    return { outputShape: [...size, channels], details };
  },
});
