import type { Sampling as SamplingOf } from '../../src/augment/op.ts';
import { composeAffine, type KerasParameters, type Picture, type Sampling } from '../../src/reference/augment.ts';
import type { Where } from '../../src/reference/augment_geometry.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import { unitRoundoff } from '../../src/selftest/tolerance.ts';

type Numbers = ArrayLike<number>;

/**
 * Number of consecutive operations between the parameters and a coordinate, each with an error of at most 2^-23 of the sum's terms.
 */
const roundings = 16;

/**
 * Requires an image warped on the GPU to match the twin within the float32 error of matrix and coordinates. Skips elements so close
 * to a discontinuity of the sampling that either side is right.
 *
 * @returns the fraction of the elements that were compared.
 */
export function expectWarped(
  name: string,
  actual: Numbers,
  expected: Numbers,
  image: Numbers,
  s: Picture,
  p: KerasParameters,
  sampling: Sampling,
): number {
  const affine = composeAffine(p, s.height, s.width, sampling.compat);
  const terms = s.height + s.width + Math.abs(p.zx) * s.width + Math.abs(p.zy) * s.height;
  // Coordinates with this few binary places are exact in float32.
  const exact = affine.every((n) => Number.isInteger(n * 256));
  const off = exact ? 0 : coordinatesOff(terms + Math.abs(p.tx) + Math.abs(p.ty));
  const where: Where = (column, row) => [
    affine[0] * column + affine[1] * row + affine[2],
    affine[3] * column + affine[4] * row + affine[5],
  ];
  return expectSampled(name, actual, expected, image, s, s, where, off, sampling, sampling.rescale);
}

/** Error bound of a coordinate that is a sum of such terms. */
export const coordinatesOff = (terms: number): number => roundings * 2 * unitRoundoff * terms;

/**
 * The same for any mapping from an output pixel (column, row) to its sampling position, with coordinate errors of at most `off`.
 */
export function expectSampled(
  name: string,
  actual: Numbers,
  expected: Numbers,
  image: Numbers,
  from: Picture,
  to: { width: number },
  where: Where,
  off: number,
  sampling: SamplingOf,
  scale = 1,
): number {
  const { least, most } = rangeOf(image);
  const largest = Math.max(Math.abs(least), Math.abs(most), Math.abs(sampling.cval));
  // Within a pixel, a bilinear surface changes at most by its range along either axis; a soft edge blends into cval.
  const range =
    sampling.fillMode === 'gridConstant'
      ? Math.max(most, sampling.cval) - Math.min(least, sampling.cval)
      : most - least;
  const slope = sampling.interpolationOrder === 1 ? 2 * range : 0;
  const bound = Math.abs(scale) * (off * slope + 8 * 2 * unitRoundoff * largest);
  const kept: number[] = [];
  for (let at = 0; at < expected.length; at++) {
    const pixel = Math.floor(at / from.channels);
    const [x, y] = where(pixel % to.width, Math.floor(pixel / to.width));
    if (!jumpsNear(x, from.width, sampling, off) && !jumpsNear(y, from.height, sampling, off)) kept.push(at);
  }
  const pick = (numbers: Numbers) => kept.map((at) => numbers[at]!);
  expectWithin(name, pick(actual), pick(expected), bound);
  return kept.length / expected.length;
}

function rangeOf(image: Numbers): { least: number; most: number } {
  let [least, most] = [Infinity, -Infinity];
  for (let i = 0; i < image.length; i++) [least, most] = [Math.min(least, image[i]!), Math.max(most, image[i]!)];
  return { least, most };
}

/** constant and wrap are discontinuous at the image's ends (wrap has the period n-1), order 0 halfway between pixels. */
function jumpsNear(v: number, n: number, { fillMode, interpolationOrder }: SamplingOf, within: number): boolean {
  if (within === 0) return false;
  const near = (place: number) => Math.abs(v - place) <= within;
  const period = Math.max(1, n - 1);
  if (fillMode === 'constant' && (near(0) || near(n - 1))) return true;
  if (fillMode === 'wrap' && near(Math.round(v / period) * period)) return true;
  // Mirroring and wrapping shift by integers, which keeps halves.
  return interpolationOrder === 0 && near(Math.floor(v) + 0.5);
}
