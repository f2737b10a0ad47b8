import * as v from 'valibot';
import { ConfigurationError } from '../../errors.ts';
import { product } from '../../product.ts';
import { defineLayer, layerOptions } from '../layer.ts';

const target = v.custom<readonly number[]>(
  (value) =>
    Array.isArray(value) &&
    (value.length === 1 || value.length === 3) &&
    value.every((n) => n === -1 || (Number.isSafeInteger(n) && n >= 1)) &&
    value.filter((n) => n === -1).length <= 1,
  '[units] or [height, width, channels]: positive integers, at most one of them -1',
);

/** The same elements in another shape, without the batch dimension: Keras' Reshape. One axis may be -1, which is then inferred. */
export const reshapeLayer = defineLayer({
  type: 'reshape',
  kerasName: 'reshape',
  schema: v.strictObject({ type: v.literal('reshape'), targetShape: target, ...layerOptions }),
  starter: { targetShape: [-1] },
  compile({ targetShape }, [shape], subject) {
    const known = product(targetShape.filter((n) => n !== -1));
    const all = product(shape!);
    const outputShape = targetShape.map((n) => (n === -1 ? all / known : n));
    if (product(outputShape) !== all || !outputShape.every(Number.isInteger)) {
      throw new ConfigurationError({
        what: `${subject}: targetShape has a different number of elements than the input`,
        found: `[${shape!.join(', ')}], ${all} elements, into [${targetShape.join(', ')}]`,
        expected: `a targetShape of ${all} elements`,
        place: ['targetShape'],
      });
    }
    return { outputShape, details: {} };
  },
});
