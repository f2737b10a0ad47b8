import * as v from 'valibot';
import { defineLayer, layerOptions, needImage } from '../layer.ts';

/** The mean of each channel over all pixels: Keras' GlobalAveragePooling2D. [height, width, channels] -> [channels], or [1, 1, channels] with `keepdims`. */
export const globalAveragePooling2dLayer = defineLayer({
  type: 'globalAveragePooling2d',
  kerasName: 'global_average_pooling2d',
  schema: v.strictObject({
    type: v.literal('globalAveragePooling2d'),
    keepdims: v.optional(v.boolean(), false),
    ...layerOptions,
  }),
  starter: {},
  compile({ keepdims }, [shape], subject) {
    const [height, width, channels] = needImage(subject, shape!);
    return { outputShape: keepdims ? [1, 1, channels] : [channels], details: { pixels: height * width } };
  },
});
