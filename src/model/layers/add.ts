import * as v from 'valibot';
import { defineLayer, layerOptions } from '../layer.ts';
import { broadcastShape, mergeInputs } from '../merge.ts';

/** The sum of its inputs, element by element: Keras' Add. An axis of length 1 is broadcast. */
export const addLayer = defineLayer({
  type: 'add',
  kerasName: 'add',
  role: 'sum',
  schema: v.strictObject({ type: v.literal('add'), ...layerOptions }),
  starter: {},
  inputs: mergeInputs,
  compile: (_, shapes, subject) => ({ outputShape: broadcastShape(subject, shapes), details: {} }),
});
