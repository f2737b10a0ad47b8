import type { Picture, Sampling } from '../../src/augment/op.ts';
import type { PolicyOp } from '../../src/augment/ops/policy_tables.ts';
import { policyWhere } from '../../src/reference/augment_policies.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import fixture from '../fixtures/torchvision_policies.json';
import { expectSampled } from './closeness.ts';

/** An image transformed by torchvision's policies with one of their ops. */
export interface PolicyCase {
  title: string;
  op: PolicyOp;
  magnitude: number;
  sampling: Sampling;
  by: string;
  picture: Picture;
  image: readonly number[];
  expected: readonly number[];
}

export const policyCases: readonly PolicyCase[] = fixture.cases.map((c) => {
  const { bytes, ...picture } = (fixture.images as Record<string, Picture & { bytes: number[] }>)[c.image]!;
  const { op, magnitude, interpolation, by, expected } = c;
  return {
    title: `${op} ${magnitude} of ${c.image} by ${by}, ${interpolation}`,
    op: op as PolicyOp,
    magnitude,
    sampling: { fillMode: 'gridConstant', cval: 0, interpolationOrder: interpolation === 'nearest' ? 0 : 1 },
    by,
    picture,
    image: bytes,
    expected,
  };
});

/**
 * Bound in gray levels: floats to 1e-5 of white; blends of bytes are truncated, or round the gray, the mean or the smoothed image.
 */
function boundOf({ op, magnitude, by }: PolicyCase): number {
  if (by === 'float') return 1e-5 * 255;
  if (['brightness', 'autoContrast'].includes(op)) return 1;
  return ['color', 'contrast', 'sharpness'].includes(op) ? 1 + Math.abs(1 - magnitude) / 2 : 0;
}

/** Requires an image to match torchvision's; skips pixels halfway between two others, where either is the nearest. */
export function expectCase(c: PolicyCase, y: ArrayLike<number>): void {
  const where = policyWhere(c.op, c.magnitude, c.picture);
  if (!where) {
    expectWithin(c.title, y, c.expected, boundOf(c));
    return;
  }
  const { interpolationOrder } = c.sampling;
  // A twentieth of 1e-5 of white at the maximum slope, or the precision of Pillow's fixed-point coordinates near a half.
  const off = interpolationOrder === 1 ? 5e-6 : 1e-3;
  const share = expectSampled(c.title, y, c.expected, c.image, c.picture, c.picture, where, off, c.sampling);
  if (!(share > 0.9)) throw new Error(`${c.title}: only ${share} of the pixels were compared`);
}
