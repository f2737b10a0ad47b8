import * as v from 'valibot';
import { defineLayer, dropoutRate, layerOptions } from '../layer.ts';

/**
 * During training, each element is set to 0 with probability `rate` and otherwise divided by 1 - rate: Keras' Dropout. The mask
 * is a function of (seed, epoch, the sample's position in the epoch, layer). Inference passes the input through.
 */
export const dropoutLayer = defineLayer({
  type: 'dropout',
  kerasName: 'dropout',
  inferenceDiffers: true,
  schema: v.strictObject({ type: v.literal('dropout'), rate: dropoutRate, ...layerOptions }),
  starter: { rate: 0.2 },
  compile: (_, [shape]) => ({ outputShape: [...shape!], details: {} }),
});
