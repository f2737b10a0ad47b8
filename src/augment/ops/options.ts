import * as v from 'valibot';
import { integer, number } from '../../check.ts';
import { ConfigurationError } from '../../errors.ts';
import type { Limits } from '../../options.ts';
import { type Draw, fillModes, type Picture, type Sampling } from '../op.ts';

/** Options shared by several ops. */

/** Probability that an op is applied to an image. */
export const probability = (byDefault: number) => v.optional(number(0, 1), byDefault);

export const finite = v.pipe(v.number('a finite number'), v.finite('a finite number'));

export const interpolationOption = (byDefault: 'nearest' | 'bilinear') =>
  v.optional(v.picklist(['nearest', 'bilinear']), byDefault);
export const interpolationOf = (interpolation: 'nearest' | 'bilinear'): 0 | 1 => (interpolation === 'nearest' ? 0 : 1);

/** Options of ops that move pixels, with torchvision's names and SciPy's modes. */
export const samplingOptions = {
  interpolation: interpolationOption('bilinear'),
  /**
   * How points outside of the image are filled: `gridConstant` fades into `fill`, as in torchvision, `constant` has a hard edge.
   */
  fillMode: v.optional(v.picklist(fillModes), 'gridConstant'),
  /** Gray level, 0 to 255. */
  fill: v.optional(finite, 0),
};

export const samplingOf = (options: {
  interpolation: 'nearest' | 'bilinear';
  fillMode: Sampling['fillMode'];
  fill: number;
}): Sampling => ({
  fillMode: options.fillMode,
  cval: options.fillMode === 'constant' || options.fillMode === 'gridConstant' ? options.fill : 0,
  interpolationOrder: interpolationOf(options.interpolation),
});

const rangeWords = (name: string, least: number, most: number) => {
  const limits = [least > -Infinity ? `low >= ${least}` : [], 'low <= high', most < Infinity ? `high <= ${most}` : []];
  return `${name}: [low, high] with ${limits.flat().join(', ')}`;
};

const isRange = (value: unknown, least: number, most: number): value is readonly [number, number] =>
  Array.isArray(value) &&
  value.length === 2 &&
  value.every((end) => Number.isFinite(end) && end >= least && end <= most) &&
  value[0] <= value[1];

/** [low, high] within limits. The order is checked separately, because the schema's own error would not say that it is reversed. */
export function range(name: string, least = -Infinity, most = Infinity) {
  return v.pipe(
    v.custom<readonly [number, number]>((value) => isRange(value, least, most), rangeWords(name, least, most)),
    v.metadata({ kind: 'range', least, most } satisfies Limits),
  );
}

/** One number for all images, or [low, high] to sample a number for each image. */
export function fixedOrRange(name: string, least: number, most = Infinity) {
  const one = most === Infinity ? `a number >= ${least}` : `a number from ${least} to ${most}`;
  return v.pipe(
    v.union([number(least, most), range(name, least, most)], `${one}, or ${rangeWords(name, least, most)}`),
    v.metadata({ kind: 'numberOrRange', least, most } satisfies Limits),
  );
}

/** An integer for all images, or [low, high] to sample an integer for each image. */
export function fixedOrWholeRange(name: string, least: number, most: number) {
  const whole = v.custom<readonly [number, number]>(
    (value) => isRange(value, least, most) && value.every(Number.isInteger),
    '',
  );
  const words = `an integer from ${least} to ${most}, or ${rangeWords(name, least, most)}`;
  return v.pipe(
    v.union([integer(least, most), whole], words),
    v.metadata({ kind: 'numberOrRange', least, most } satisfies Limits),
  );
}

/** [low, high], or a number x that stands for [-x, x]. Not a union, because its error would name only one of the two forms. */
export function aroundZero(name: string) {
  return v.pipe(
    v.custom<FixedOrRange>(
      (value) => (Number.isFinite(value) && (value as number) >= 0) || isRange(value, -Infinity, Infinity),
      `a number >= 0, or ${rangeWords(name, -Infinity, Infinity)}`,
    ),
    v.metadata({ kind: 'numberOrRange', least: 0, most: Infinity } satisfies Limits),
  );
}

type FixedOrRange = number | readonly [number, number];

/** Samples from the range, or uses the single number. */
export function drawnFrom(value: FixedOrRange): Draw {
  const [low, high] = typeof value === 'number' ? [value, value] : value;
  return low === high ? { from: 'constant', value: low + 0 } : { from: 'uniform', low, high }; // Adding 0 turns -0 into 0.
}

/** Samples an integer from the range, ends included. */
export function wholeDrawnFrom(value: FixedOrRange): Draw {
  const draw = drawnFrom(value);
  return draw.from === 'uniform' ? { ...draw, from: 'integer' } : draw;
}

/**
 * One number, or a list whose length is one of `lengths`, all within limits. Not a union, because its error would name only one of
 * the forms.
 */
export function oneOrMore<List extends readonly number[]>(
  lengths: readonly number[],
  isWithin: (n: number) => boolean,
  expected: string,
) {
  const isRight = (n: unknown) => Number.isFinite(n) && isWithin(n as number);
  return v.custom<number | List>(
    (value) => isRight(value) || (Array.isArray(value) && lengths.includes(value.length) && value.every(isRight)),
    expected,
  );
}

/** @throws ConfigurationError if an op that needs colors gets images without colors. */
export function requireColor({ channels }: Picture, why: string, fix = 'leave it out for these images'): void {
  if (channels === 3) return;
  throw new ConfigurationError({
    what: `it ${why}`,
    found: `images of ${channels} ${channels === 1 ? 'channel' : 'channels'}`,
    expected: '3 channels: red, green, blue',
    fix,
  });
}
