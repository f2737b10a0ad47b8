import * as v from 'valibot';
import { border, sidesOf } from '../border.ts';
import { defineLayer, layerOptions, needImage } from '../layer.ts';

/** Adds rows and columns of zeros around an image: Keras' ZeroPadding2D. */
export const zeroPadding2dLayer = defineLayer({
  type: 'zeroPadding2d',
  kerasName: 'zero_padding2d',
  schema: v.strictObject({ type: v.literal('zeroPadding2d'), padding: v.optional(border, 1), ...layerOptions }),
  starter: {},
  compile({ padding }, [shape], subject) {
    const [height, width, channels] = needImage(subject, shape!);
    const sides = sidesOf(padding);
    const { top, bottom, left, right } = sides;
    return { outputShape: [top + height + bottom, left + width + right, channels], details: sides };
  },
});
