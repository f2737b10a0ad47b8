import * as v from 'valibot';
import { defineLayer, layerOptions } from '../layer.ts';
import { broadcastShape, mergeInputs } from '../merge.ts';

/** The mean of its inputs, element by element: Keras' Average. An axis of length 1 is broadcast. */
export const averageLayer = defineLayer({
  type: 'average',
  kerasName: 'average',
  schema: v.strictObject({ type: v.literal('average'), ...layerOptions }),
  starter: {},
  inputs: mergeInputs,
  compile: (_, shapes, subject) => ({ outputShape: broadcastShape(subject, shapes), details: {} }),
});
