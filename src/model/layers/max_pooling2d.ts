import * as v from 'valibot';
import { ConfigurationError } from '../../errors.ts';
import { defineLayer, layerOptions, needImage, padding, pair, size } from '../layer.ts';
import { poolWindow } from '../window.ts';

/** Maximum number of pixels in a window, because the position of the maximum is stored in 8 bits. */
export const largestPool = 256;

/** The maximum of each window: Keras' MaxPooling2D. `strides` defaults to `poolSize`. */
export const maxPooling2dLayer = defineLayer({
  type: 'maxPooling2d',
  kerasName: 'max_pooling2d',
  role: 'largest',
  schema: v.strictObject({
    type: v.literal('maxPooling2d'),
    poolSize: v.optional(size, 2),
    strides: v.optional(size),
    padding,
    ...layerOptions,
  }),
  starter: {},
  compile(config, [shape], subject) {
    const [, , channels] = needImage(subject, shape!);
    const window = pair(config.poolSize);
    if (window[0] * window[1] > largestPool) {
      throw new ConfigurationError({
        what: `${subject}: the pool is too large`,
        found: window,
        expected: `at most ${largestPool} elements per window`,
        fix: 'use two pools',
      });
    }
    const { size, ...details } = poolWindow(subject, shape!, config);
    return { outputShape: [...size, channels], details };
  },
});
