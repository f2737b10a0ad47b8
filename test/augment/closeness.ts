import { composeAffine, type SampleParameters } from '../../src/augment/matrix.ts';
import { affineMatrix, type Picture, type Sampling } from '../../src/reference/augment.ts';
import { unitRoundoff } from '../tolerance.ts';

/** Single rounding steps, each at most 2^-23 of the largest number in it, between the parameters and a coordinate. */
const roundings = 16;

export interface Closeness {
  /** Of each element: how far the GPU may be from the twin. */
  bound: Float64Array;
  /** Of each element: within that of a place where the sampler jumps, so that either side is right. */
  jumps: Uint8Array;
}

/**
 * What rounding the matrix and the coordinates to float32 can do to each element of a warped image.
 *
 * @param largest the largest absolute value in the image, cval included.
 */
export function closenessOf(s: Picture, p: SampleParameters, sampling: Sampling, largest: number): Closeness {
  const affine = composeAffine(p, s.height, s.width, sampling.compat);
  const whole = affine.every(Number.isInteger) && isWhole(affineMatrix(p, s, sampling.compat));
  const extent = s.height + s.width + Math.abs(p.tx) + Math.abs(p.ty);
  const stretch = Math.max(1, Math.abs(p.zx) + Math.abs(p.zy));
  const coordinate = whole ? 0 : roundings * 2 * unitRoundoff * extent * stretch;
  // A bilinear surface rises by at most 2 * largest a pixel along each axis; the rest are the sampler's own products.
  const slope = sampling.interpolationOrder === 1 ? 2 * 2 * largest : 0;
  const value = Math.abs(sampling.rescale) * (coordinate * slope + 8 * 2 * unitRoundoff * largest);
  const [a, b, c, d, e, f] = affine as [number, number, number, number, number, number];
  const jumps = new Uint8Array(s.height * s.width * s.channels);
  if (!whole) {
    for (let at = 0; at < jumps.length; at++) {
      const pixel = Math.floor(at / s.channels);
      const [column, row] = [pixel % s.width, Math.floor(pixel / s.width)];
      const near =
        jumpsNear(a * column + b * row + c, s.width, sampling, coordinate) ||
        jumpsNear(d * column + e * row + f, s.height, sampling, coordinate);
      jumps[at] = near ? 1 : 0;
    }
  }
  return { bound: new Float64Array(jumps.length).fill(value), jumps };
}

const isWhole = (matrix: readonly (readonly number[])[]) => matrix.flat().every(Number.isInteger);

/** constant and wrap jump where the image ends (wrap has the period n-1), order 0 half-way between pixels. */
function jumpsNear(v: number, n: number, { fillMode, interpolationOrder }: Sampling, within: number): boolean {
  const distance = (to: number) => Math.abs(v - to);
  if (fillMode === 'constant' && Math.min(distance(0), distance(n - 1)) <= within) return true;
  const period = Math.max(1, n - 1);
  if (fillMode === 'wrap' && distance(Math.round(v / period) * period) <= within) return true;
  // Seen from v = -0.5, what is mirrored or wrapped keeps its halves.
  return interpolationOrder === 0 && distance(Math.floor(v) + 0.5) <= within;
}
