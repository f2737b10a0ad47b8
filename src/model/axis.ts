import { ConfigurationError } from '../errors.ts';

/** An axis counted from 1, the batch being 0, of one that may be counted from the end: Keras' `axis`. */
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
