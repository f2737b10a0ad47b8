import type { Picture, Sampling } from '../augment/op.ts';
import type { PolicyOp } from '../augment/ops/policy_tables.ts';
import {
  adjustBrightness,
  adjustContrast,
  adjustSaturation,
  adjustSharpness,
  autocontrast,
  equalize,
  invert,
  posterize,
  solarize,
} from './augment_color.ts';
import { type Where, warp } from './augment_geometry.ts';

type Numbers = ArrayLike<number>;
type Image = Float64Array<ArrayBuffer>;

/** Sampling position of a pixel in torchvision's _apply_op, for ops that move pixels. */
export function policyWhere(op: PolicyOp, magnitude: number, { height, width }: Picture): Where | undefined {
  switch (op) {
    // Shears about the corner of the image, half a pixel from the center of pixel (0, 0).
    case 'shearX':
      return (column, row) => [column + magnitude * (row + 0.5), row];
    case 'shearY':
      return (column, row) => [column, row + magnitude * (column + 0.5)];
    case 'translateX':
      return (column, row) => [column - magnitude, row];
    case 'translateY':
      return (column, row) => [column, row - magnitude];
    case 'rotate': {
      const [x, y] = [(width - 1) / 2, (height - 1) / 2];
      const angle = (magnitude * Math.PI) / 180;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      return (column, row) => [x + c * (column - x) - s * (row - y), y + s * (column - x) + c * (row - y)];
    }
    default:
      return undefined;
  }
}

/** torchvision's _apply_op on gray levels, in float64; the magnitude is the argument that is applied. */
export function applyPolicyOp(image: Numbers, s: Picture, op: PolicyOp, magnitude: number, sampling: Sampling): Image {
  const where = policyWhere(op, magnitude, s);
  if (where) return warp(image, s, s, where, sampling) as Image;
  switch (op) {
    case 'brightness':
      return adjustBrightness(image, magnitude);
    case 'color':
      return adjustSaturation(image, magnitude);
    case 'contrast':
      return adjustContrast(image, s, magnitude);
    case 'sharpness':
      return adjustSharpness(image, s, magnitude);
    case 'posterize':
      return posterize(image, magnitude);
    case 'solarize':
      return solarize(image, magnitude);
    case 'autoContrast':
      return autocontrast(image, s);
    case 'equalize':
      return equalize(image, s);
    case 'invert':
      return invert(image);
    default:
      return Float64Array.from(image);
  }
}

/** An op of a policy with its applied argument. */
export type AppliedOp = readonly [op: PolicyOp, magnitude: number];

/** Applies each chain's ops in sequence to the original image, and mixes the image with the results by weight. */
export function augMix(
  image: Numbers,
  s: Picture,
  originalWeight: number,
  chains: readonly { weight: number; ops: readonly AppliedOp[] }[],
  sampling: Sampling,
): Image {
  const y = Float64Array.from(image, (value) => originalWeight * value);
  for (const { weight, ops } of chains) {
    let made: Numbers = image;
    for (const [op, magnitude] of ops) made = applyPolicyOp(made, s, op, magnitude, sampling);
    for (let i = 0; i < y.length; i++) y[i]! += weight * made[i]!;
  }
  return y;
}
