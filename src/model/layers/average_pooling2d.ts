import * as v from 'valibot';
import { defineLayer, layerOptions, needImage, padding, size } from '../layer.ts';
import { poolWindow } from '../window.ts';

/**
 * The mean of each window: Keras' AveragePooling2D. Padding added by `same` is excluded from the mean. `strides` defaults to
 * `poolSize`.
 */
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
    const { size, ...details } = poolWindow(subject, shape!, config);
    return { outputShape: [...size, channels], details };
  },
});
