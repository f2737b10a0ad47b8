import { roundHalfEven } from './round_half_even.ts';

/**
 * The ops that policies choose from, following torchvision's tables (transforms/autoaugment.py, 0.14), which match the papers where
 * the papers agree with each other.
 */

/** Every op of every policy, by torchvision's names. An op's number in records and shaders is its index. */
export const policyOps = [
  'identity',
  'shearX',
  'shearY',
  'translateX',
  'translateY',
  'rotate',
  'brightness',
  'color',
  'contrast',
  'sharpness',
  'posterize',
  'solarize',
  'autoContrast',
  'equalize',
  'invert',
] as const;
export type PolicyOp = (typeof policyOps)[number];

/** Magnitudes from the weakest to the strongest. */
export interface Magnitudes {
  values: readonly number[];
  /** Applied with a random sign. */
  signed: boolean;
}

/** The ops that a policy chooses from, with their magnitudes; undefined for an op without magnitudes. */
export type PolicySpace = ReadonlyMap<PolicyOp, Magnitudes | undefined>;

interface Size {
  height: number;
  width: number;
}

/** The strongest magnitudes of a space. */
interface Ends {
  shear: number;
  /** Pixels. */
  translateX: number;
  translateY: number;
  /** Degrees. */
  rotate: number;
  /** Maximum distance from 1 of the brightness, color, contrast and sharpness factors. */
  enhance: number;
  /** Bits kept at the weakest magnitude, and how many fewer are kept at the strongest. */
  posterize: readonly [most: number, fewer: number];
}

/** The limits of AutoAugment and RandAugment, whose authors shift ImageNet's 331 pixels by up to 150. */
const endsOf = ({ height, width }: Size): Ends => ({
  shear: 0.3,
  translateX: (150 / 331) * width,
  translateY: (150 / 331) * height,
  rotate: 30,
  enhance: 0.9,
  posterize: [8, 4],
});

/** The space of Cubuk et al. 2020. */
export const randAugmentSpace = (bins: number, size: Size): PolicySpace =>
  without(['invert'], spaceOf(bins, endsOf(size)));

/** The wide space of Müller and Hutter 2021. */
export const trivialAugmentWideSpace = (bins: number): PolicySpace =>
  without(
    ['invert'],
    spaceOf(bins, { shear: 0.99, translateX: 32, translateY: 32, rotate: 135, enhance: 0.99, posterize: [8, 6] }),
  );

/** The space of Cubuk et al. 2019, in 10 bins. */
export const autoAugmentSpace = (size: Size): PolicySpace => without(['identity'], spaceOf(10, endsOf(size)));

/**
 * The space of Hendrycks et al. 2020, in 10 bins. Without `allOps`, it leaves out ops that resemble the corruptions of robustness
 * test sets.
 */
export function augMixSpace({ height, width }: Size, allOps: boolean): PolicySpace {
  const ends = { shear: 0.3, translateX: width / 3, translateY: height / 3, rotate: 30, enhance: 0.9 };
  const space = spaceOf(10, { ...ends, posterize: [4, 4] });
  const others: readonly PolicyOp[] = allOps ? [] : ['brightness', 'color', 'contrast', 'sharpness'];
  return without(['identity', 'invert', ...others], space);
}

const without = (ops: readonly PolicyOp[], space: PolicySpace): PolicySpace =>
  new Map([...space].filter(([op]) => !ops.includes(op)));

function spaceOf(bins: number, ends: Ends): PolicySpace {
  const equalSteps = (first: number, last: number) =>
    Array.from({ length: bins }, (_, i) => first + ((last - first) * i) / (bins - 1));
  const eitherWay = (most: number): Magnitudes => ({ values: equalSteps(0, most), signed: true });
  const [most, fewer] = ends.posterize;
  return new Map<PolicyOp, Magnitudes | undefined>([
    ['identity', undefined],
    ['shearX', eitherWay(ends.shear)],
    ['shearY', eitherWay(ends.shear)],
    ['translateX', eitherWay(ends.translateX)],
    ['translateY', eitherWay(ends.translateY)],
    ['rotate', eitherWay(ends.rotate)],
    ['brightness', eitherWay(ends.enhance)],
    ['color', eitherWay(ends.enhance)],
    ['contrast', eitherWay(ends.enhance)],
    ['sharpness', eitherWay(ends.enhance)],
    ['posterize', { values: equalSteps(0, fewer).map((bits) => most - roundHalfEven(bits)), signed: false }],
    ['solarize', { values: equalSteps(255, 0), signed: false }],
    ['autoContrast', undefined],
    ['equalize', undefined],
    ['invert', undefined],
  ]);
}

/**
 * The argument of an op for a magnitude of a space, as in torchvision: whole pixels, a factor around 1, or the magnitude itself
 * (the tangent of a shear, degrees, bits, a threshold).
 */
export function appliedOf(op: PolicyOp, magnitude: number): number {
  switch (op) {
    case 'translateX':
    case 'translateY':
      // Round a number that is only a rounding error below an integer up to it. Adding 0 turns -0 into 0.
      return Math.trunc(magnitude + Math.sign(magnitude) * 1e-6) + 0;
    case 'brightness':
    case 'color':
    case 'contrast':
    case 'sharpness':
      return 1 + magnitude;
    default:
      return magnitude + 0;
  }
}

/** The equally likely arguments of an op in a space: its magnitudes in the given bins, with both signs if the op is signed. */
export function choicesOf(space: PolicySpace, op: PolicyOp, bins?: readonly number[]): number[] {
  const magnitudes = space.get(op);
  if (!magnitudes) return [0];
  const { values, signed } = magnitudes;
  const chosen = bins ? bins.map((bin) => values[bin]!) : values;
  return chosen.flatMap((value) => (signed ? [value, -value] : [value])).map((value) => appliedOf(op, value));
}

/** An op of a sub-policy: its probability, and its magnitude bin if it has magnitudes. */
export type PolicyStep = readonly [op: PolicyOp, p: number, bin: number | null];

/** AutoAugment's policy for CIFAR-10: one of these pairs of ops, applied in order. */
// biome-ignore format: a pair a line
export const cifar10Policy: readonly (readonly [PolicyStep, PolicyStep])[] = [
  [['invert', 0.1, null], ['contrast', 0.2, 6]],
  [['rotate', 0.7, 2], ['translateX', 0.3, 9]],
  [['sharpness', 0.8, 1], ['sharpness', 0.9, 3]],
  [['shearY', 0.5, 8], ['translateY', 0.7, 9]],
  [['autoContrast', 0.5, null], ['equalize', 0.9, null]],
  [['shearY', 0.2, 7], ['posterize', 0.3, 7]],
  [['color', 0.4, 3], ['brightness', 0.6, 7]],
  [['sharpness', 0.3, 9], ['brightness', 0.7, 9]],
  [['equalize', 0.6, null], ['equalize', 0.5, null]],
  [['contrast', 0.6, 7], ['sharpness', 0.6, 5]],
  [['color', 0.7, 7], ['translateX', 0.5, 8]],
  [['equalize', 0.3, null], ['autoContrast', 0.4, null]],
  [['translateY', 0.4, 3], ['sharpness', 0.2, 6]],
  [['brightness', 0.9, 6], ['color', 0.2, 8]],
  [['solarize', 0.5, 2], ['invert', 0, null]],
  [['equalize', 0.2, null], ['autoContrast', 0.6, null]],
  [['equalize', 0.2, null], ['equalize', 0.6, null]],
  [['color', 0.9, 9], ['equalize', 0.6, null]],
  [['autoContrast', 0.8, null], ['solarize', 0.2, 8]],
  [['brightness', 0.1, 3], ['color', 0.7, 0]],
  [['solarize', 0.4, 5], ['autoContrast', 0.9, null]],
  [['translateY', 0.9, 9], ['translateY', 0.7, 9]],
  [['autoContrast', 0.9, null], ['solarize', 0.8, 3]],
  [['equalize', 0.8, null], ['invert', 0.1, null]],
  [['translateY', 0.7, 9], ['autoContrast', 0.9, null]],
];
