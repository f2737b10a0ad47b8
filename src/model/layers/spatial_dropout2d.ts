import * as v from 'valibot';
import { defineLayer, dropoutRate, layerOptions, needImage } from '../layer.ts';

/**
 * During training, whole channels of a sample are set to 0 with probability `rate` and otherwise divided by 1 - rate: Keras'
 * SpatialDropout2D. The mask is a function of (seed, epoch, the sample's position in the epoch, layer). Inference passes the
 * input through.
 */
export const spatialDropout2dLayer = defineLayer({
  type: 'spatialDropout2d',
  kerasName: 'spatial_dropout2d',
  inferenceDiffers: true,
  schema: v.strictObject({ type: v.literal('spatialDropout2d'), rate: dropoutRate, ...layerOptions }),
  starter: { rate: 0.2 },
  compile: (_, [shape], subject) => ({ outputShape: [...needImage(subject, shape!)], details: {} }),
});
