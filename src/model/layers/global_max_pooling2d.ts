import * as v from 'valibot';
import { defineLayer, layerOptions, needImage } from '../layer.ts';

/** The largest of each channel over all pixels: Keras' GlobalMaxPooling2D. [height, width, channels] -> [channels], or [1, 1, channels] with `keepdims`. */
export const globalMaxPooling2dLayer = defineLayer({
  type: 'globalMaxPooling2d',
  kerasName: 'global_max_pooling2d',
  schema: v.strictObject({
    type: v.literal('globalMaxPooling2d'),
    keepdims: v.optional(v.boolean(), false),
    ...layerOptions,
  }),
  starter: {},
  compile({ keepdims }, [shape], subject) {
    const [height, width, channels] = needImage(subject, shape!);
    return { outputShape: keepdims ? [1, 1, channels] : [channels], details: { pixels: height * width } };
  },
});
