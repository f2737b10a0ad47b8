import * as v from 'valibot';
import { number } from '../../check.ts';
import { defineLayer, layerOptions } from '../layer.ts';

/**
 * During training, adds normal noise with mean 0: Keras' GaussianNoise. The noise is a function of (seed, epoch, the sample's
 * position in the epoch, layer). Inference passes the input through.
 */
export const gaussianNoiseLayer = defineLayer({
  type: 'gaussianNoise',
  kerasName: 'gaussian_noise',
  inferenceDiffers: true,
  schema: v.strictObject({
    type: v.literal('gaussianNoise'),
    stddev: number(0, 1),
    ...layerOptions,
  }),
  starter: { stddev: 0.1 },
  compile: (_, [shape]) => ({ outputShape: [...shape!], details: {} }),
});
