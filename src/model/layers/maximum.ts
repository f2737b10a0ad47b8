import * as v from 'valibot';
import { defineLayer, layerOptions } from '../layer.ts';
import { broadcastShape, mergeInputs } from '../merge.ts';

/** The largest of its inputs, element by element: Keras' Maximum. An axis of length 1 is broadcast; the gradient goes to the first of equal inputs. */
export const maximumLayer = defineLayer({
  type: 'maximum',
  kerasName: 'maximum',
  schema: v.strictObject({ type: v.literal('maximum'), ...layerOptions }),
  starter: {},
  inputs: mergeInputs,
  compile: (_, shapes, subject) => ({ outputShape: broadcastShape(subject, shapes), details: {} }),
});
