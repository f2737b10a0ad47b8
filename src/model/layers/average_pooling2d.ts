import * as v from 'valibot';
import { defineLayer, layerOptions, needImage, padding, size } from '../layer.ts';
import { poolWindow } from '../window.ts';

/** The mean of each window: Keras' AveragePooling2D. What `same` pads doesn't count. `strides` is `poolSize` by default. */
export const averagePooling2dLayer = defineLayer({
  type: 'averagePooling2d',
  kerasName: 'average_pooling2d',
  schema: v.strictObject({
    /** The type of the layer. */
    type: v.literal('averagePooling2d'),
    /** Height and width of the window, in pixels: 2 by default. */
    poolSize: v.optional(size, 2),
    /** Pixels from one window to the next; `poolSize` by default. */
    strides: v.optional(size),
    /** `'valid'`, the default, has no padding; with `'same'` there are ceil(size / strides) windows. */
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
