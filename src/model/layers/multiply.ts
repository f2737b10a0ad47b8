import * as v from 'valibot';
import { defineLayer, layerOptions } from '../layer.ts';
import { broadcastShape, mergeInputs } from '../merge.ts';

/** The product of its inputs, element by element: Keras' Multiply. An axis of length 1 is broadcast. */
export const multiplyLayer = defineLayer({
  type: 'multiply',
  kerasName: 'multiply',
  schema: v.strictObject({ type: v.literal('multiply'), ...layerOptions }),
  starter: {},
  inputs: mergeInputs,
  compile: (_, shapes, subject) => ({ outputShape: broadcastShape(subject, shapes), details: {} }),
});
