import * as v from 'valibot';
import { product } from '../../product.ts';
import { defineLayer, layerOptions } from '../layer.ts';

/** [batch, height, width, channels] -> [batch, height * width * channels]: Keras' Flatten. */
export const flattenLayer = defineLayer({
  type: 'flatten',
  kerasName: 'flatten',
  schema: v.strictObject({ type: v.literal('flatten'), ...layerOptions }),
  starter: {},
  compile: (_, [shape]) => ({ outputShape: [product(shape!)], details: {} }),
});
