import * as v from 'valibot';
import { defineLayer, dropoutRate, layerOptions, needImage } from '../layer.ts';

/**
 * Whole channels of a sample are 0 with probability `rate`, the others divided by 1 - rate, while the model trains: Keras'
 * SpatialDropout2D. The mask is a function of (seed, epoch, the sample's place in
 * the epoch, layer). Inference hands on what it gets.
 */
export const spatialDropout2dLayer = defineLayer({
  type: 'spatialDropout2d',
  kerasName: 'spatial_dropout2d',
  inferenceDiffers: true,
  schema: v.strictObject({ type: v.literal('spatialDropout2d'), rate: dropoutRate, ...layerOptions }),
  starter: { rate: 0.2 },
  compile: (_, [shape], subject) => ({ outputShape: [...needImage(subject, shape!)], details: {} }),
});
