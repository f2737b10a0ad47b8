import * as v from 'valibot';
import { border, croppedSize, sidesOf } from '../border.ts';
import { defineLayer, layerOptions, needImage } from '../layer.ts';

/** Removes rows and columns at the border of an image: Keras' Cropping2D, whose default is 0. */
export const cropping2dLayer = defineLayer({
  type: 'cropping2d',
  kerasName: 'cropping2d',
  schema: v.strictObject({ type: v.literal('cropping2d'), cropping: v.optional(border, 0), ...layerOptions }),
  starter: { cropping: 1 },
  compile({ cropping }, [shape], subject) {
    const [, , channels] = needImage(subject, shape!);
    const sides = sidesOf(cropping);
    return { outputShape: [...croppedSize(subject, shape!, sides), channels], details: sides };
  },
});
