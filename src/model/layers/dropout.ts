import * as v from 'valibot';
import { defineLayer, dropoutRate, layerOptions } from '../layer.ts';

/**
 * Each element is 0 with probability `rate`, and else divided by 1 - rate, while the model trains: Keras' Dropout. The mask is a function of (seed, epoch, the sample's place in
 * the epoch, layer). Inference hands on what it gets.
 */
export const dropoutLayer = defineLayer({
  type: 'dropout',
  kerasName: 'dropout',
  inferenceDiffers: true,
  schema: v.strictObject({ type: v.literal('dropout'), rate: dropoutRate, ...layerOptions }),
  starter: { rate: 0.2 },
  compile: (_, [shape]) => ({ outputShape: [...shape!], details: {} }),
});
