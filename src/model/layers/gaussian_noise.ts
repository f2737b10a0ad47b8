import * as v from 'valibot';
import { number } from '../../check.ts';
import { defineLayer, layerOptions } from '../layer.ts';

/**
 * Adds normal noise of mean 0 while the model trains: Keras' GaussianNoise. The noise is a function of (seed, epoch, the
 * sample's place in the epoch, layer). Inference hands on what it gets.
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
