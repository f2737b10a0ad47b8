import * as v from 'valibot';
import { defineLayer, layerOptions, needImage, pair, size } from '../layer.ts';

/** Each pixel becomes `size` pixels, repeated or interpolated bilinearly between pixel centers: Keras' UpSampling2D. */
export const upSampling2dLayer = defineLayer({
  type: 'upSampling2d',
  kerasName: 'up_sampling2d',
  schema: v.strictObject({
    type: v.literal('upSampling2d'),
    size: v.optional(size, 2),
    interpolation: v.optional(v.picklist(['nearest', 'bilinear']), 'nearest'),
    ...layerOptions,
  }),
  starter: {},
  compile({ size }, [shape], subject) {
    const [height, width, channels] = needImage(subject, shape!);
    const [sizeY, sizeX] = pair(size);
    return { outputShape: [height * sizeY, width * sizeX, channels], details: { sizeY, sizeX } };
  },
});
