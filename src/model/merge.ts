import * as v from 'valibot';
import { ConfigurationError } from '../errors.ts';
import { layerOptions } from './layer.ts';

/** The common part of the definitions of add, average, maximum and multiply. */
export const elementwiseMerge = <const T extends string>(type: T) => ({
  type,
  kerasName: type,
  schema: v.strictObject({ type: v.literal(type), ...layerOptions }),
  starter: {},
  inputs: { least: 2, most: Infinity },
  compile: (_: unknown, shapes: readonly (readonly number[])[], subject: string) => ({
    outputShape: broadcastShape(subject, shapes),
    details: {},
  }),
});

/** The error for a merge layer whose inputs have incompatible shapes. */
export function shapesDiffer(
  subject: string,
  shapes: readonly (readonly number[])[],
  expected: string,
): ConfigurationError {
  return new ConfigurationError({
    what: `${subject} can't merge inputs of these shapes`,
    found: shapes.map((shape) => `[${shape.join(', ')}]`).join(' and '),
    expected,
    fix: 'give the branches the same filters, strides and padding, or put a conv2d with kernelSize 1 into one of them',
  });
}

/** The shape that all inputs are broadcast to, as in Keras: each axis has the maximum length, or 1. */
function broadcastShape(subject: string, shapes: readonly (readonly number[])[]): number[] {
  const expected = 'shapes of as many axes, each axis equal or 1';
  const axes = shapes[0]!.length;
  if (shapes.some(({ length }) => length !== axes)) throw shapesDiffer(subject, shapes, expected);
  return shapes[0]!.map((_, axis) => {
    const length = Math.max(...shapes.map((shape) => shape[axis]!));
    if (shapes.some((shape) => shape[axis] !== length && shape[axis] !== 1))
      throw shapesDiffer(subject, shapes, expected);
    return length;
  });
}
