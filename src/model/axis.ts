import { ConfigurationError } from '../errors.ts';

/** Converts Keras' `axis`, which may count from the end, to an axis counted from 1 (axis 0 is the batch). */
export function axisOf(subject: string, axis: number, shape: readonly number[]): number {
  const at = axis < 0 ? shape.length + 1 + axis : axis;
  if (at < 1 || at > shape.length) {
    throw new ConfigurationError({
      what: `${subject}: there is no axis ${axis}`,
      found: `axis ${axis} of [batch, ${shape.join(', ')}]`,
      expected: `an axis from 1 to ${shape.length}, or from -1 to -${shape.length} counted from the end; the batch is axis 0`,
      place: ['axis'],
    });
  }
  return at;
}
