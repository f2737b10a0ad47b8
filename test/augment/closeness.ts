import { composeAffine, type KerasParameters, type Picture, type Sampling } from '../../src/reference/augment.ts';
import { expectWithin } from '../compare.ts';
import { unitRoundoff } from '../tolerance.ts';

type Numbers = ArrayLike<number>;

/** Operations in a row between the parameters and a coordinate, each off by at most 2^-23 of the sum's terms. */
const roundings = 16;

/**
 * Fails unless an image that the GPU warped is what the twin says, up to what float32 can do to matrix and coordinates.
 * Left out are elements so near to a place where the sampler jumps that either side is right.
 *
 * @returns the share of the elements that were compared.
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
  // Coordinates of so few binary places are exact in float32.
  const off = affine.every((n) => Number.isInteger(n * 256))
    ? 0
    : roundings * 2 * unitRoundoff * (terms + Math.abs(p.tx) + Math.abs(p.ty));
  const { least, most } = rangeOf(image);
  const largest = Math.max(Math.abs(least), Math.abs(most), Math.abs(sampling.cval));
  // A bilinear surface rises by no more than the image's range within a pixel, on either axis.
  const slope = sampling.interpolationOrder === 1 ? 2 * (most - least) : 0;
  const bound = Math.abs(sampling.rescale) * (off * slope + 8 * 2 * unitRoundoff * largest);
  const kept: number[] = [];
  for (let at = 0; at < expected.length; at++) {
    const pixel = Math.floor(at / s.channels);
    const [column, row] = [pixel % s.width, Math.floor(pixel / s.width)];
    const [x, y] = [0, 3].map((i) => affine[i]! * column + affine[i + 1]! * row + affine[i + 2]!);
    if (!jumpsNear(x!, s.width, sampling, off) && !jumpsNear(y!, s.height, sampling, off)) kept.push(at);
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

/** constant and wrap jump where the image ends (wrap has the period n-1), order 0 half-way between pixels. */
function jumpsNear(v: number, n: number, { fillMode, interpolationOrder }: Sampling, within: number): boolean {
  if (within === 0) return false;
  const near = (place: number) => Math.abs(v - place) <= within;
  const period = Math.max(1, n - 1);
  if (fillMode === 'constant' && (near(0) || near(n - 1))) return true;
  if (fillMode === 'wrap' && near(Math.round(v / period) * period)) return true;
  // Mirroring and wrapping move by whole numbers: halves stay halves.
  return interpolationOrder === 0 && near(Math.floor(v) + 0.5);
}
