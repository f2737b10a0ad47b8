import * as v from 'valibot';
import { number } from '../../check.ts';
import { ConfigurationError } from '../../errors.ts';
import { fillModes, type Picture, type Sampling } from '../op.ts';

/** Options that several ops have. */

/** Probability that an op is applied to an image. */
export const probability = (byDefault: number) => v.optional(number(0, 1), byDefault);

export const finite = v.pipe(v.number('a finite number'), v.finite('a finite number'));

/** What ops that move pixels share: torchvision's names, SciPy's modes. */
export const samplingOptions = {
  interpolation: v.optional(v.picklist(['nearest', 'bilinear']), 'bilinear'),
  /** What lies outside: `gridConstant` goes over into `fill` softly, as torchvision does it, `constant` with a hard edge. */
  fillMode: v.optional(v.picklist(fillModes), 'gridConstant'),
  /** A grey level, 0 to 255. */
  fill: v.optional(finite, 0),
};

export const samplingOf = (options: {
  interpolation: 'nearest' | 'bilinear';
  fillMode: Sampling['fillMode'];
  fill: number;
}): Sampling => ({
  fillMode: options.fillMode,
  cval: options.fill,
  interpolationOrder: options.interpolation === 'nearest' ? 0 : 1,
});

/** [low, high] within limits; `parse` has no words for the wrong way round. */
export function range(name: string, least = -Infinity, most = Infinity) {
  const limits = least === -Infinity && most === Infinity ? '' : ` within ${least} to ${most}`;
  return v.custom<readonly [number, number]>(
    (value) =>
      Array.isArray(value) &&
      value.length === 2 &&
      value.every((end) => Number.isFinite(end) && end >= least && end <= most) &&
      value[0] <= value[1],
    `${name}: [low, high] with low <= high${limits}`,
  );
}

/** @throws ConfigurationError where an op of colours gets images without. */
export function requireColour({ channels }: Picture, why: string): void {
  if (channels === 3) return;
  throw new ConfigurationError({
    what: `it ${why}`,
    found: `images of ${channels} ${channels === 1 ? 'channel' : 'channels'}`,
    wanted: '3 channels: red, green, blue',
    fix: 'leave it out for these images',
  });
}
