import * as v from 'valibot';
import { integer } from '../../check.ts';
import { axisOf } from '../axis.ts';
import { defineLayer, layerOptions } from '../layer.ts';
import { shapesDiffer } from '../merge.ts';

/** Concatenates its inputs along an axis, by default the last: Keras' Concatenate. Axis 0 is the batch. */
export const concatenateLayer = defineLayer({
  type: 'concatenate',
  kerasName: 'concatenate',
  schema: v.strictObject({
    type: v.literal('concatenate'),
    axis: v.optional(integer(-Number.MAX_SAFE_INTEGER), -1),
    ...layerOptions,
  }),
  starter: {},
  inputs: { least: 2, most: Infinity },
  compile({ axis }, shapes, subject) {
    const at = axisOf(subject, axis, shapes[0]!);
    const alike = (shape: readonly number[]) =>
      shape.length === shapes[0]!.length && shape.every((n, i) => i === at - 1 || n === shapes[0]![i]);
    if (!shapes.every(alike)) throw shapesDiffer(subject, shapes, `shapes that differ along axis ${at} alone`);
    const outputShape = [...shapes[0]!];
    outputShape[at - 1] = shapes.reduce((sum, shape) => sum + shape[at - 1]!, 0);
    return { outputShape, details: { axis: at } };
  },
});
