import * as v from 'valibot';
import affineSource from '../../../shaders/augment/random_affine.wgsl?raw';
import flipSource from '../../../shaders/augment/random_flip.wgsl?raw';
import perspectiveSource from '../../../shaders/augment/random_perspective.wgsl?raw';
import quarterSource from '../../../shaders/augment/random_rotate_90.wgsl?raw';
import rotationSource from '../../../shaders/augment/random_rotation.wgsl?raw';
import { integer, number } from '../../check.ts';
import { ConfigurationError } from '../../errors.ts';
import type { Draw, Field, OpDefinition, Picture } from '../op.ts';
import {
  aroundZero,
  drawnFrom,
  finite,
  oneOrMore,
  probability,
  range,
  samplingOf,
  samplingOptions,
  wholeDrawnFrom,
} from './options.ts';

/** A number x stands for [-x, x]. */
const pairOf = (value: number | readonly [number, number]): readonly [number, number] =>
  typeof value === 'number' ? [-value, value] : value;

const flip = (type: string, code: number, args: [string, string]): OpDefinition => ({
  type,
  schema: v.strictObject({ type: v.literal(type), p: probability(0.5) }),
  compile: ({ p }) => ({
    code,
    p,
    fields: [],
    steps: [{ kind: 'map', call: 'random_flip', args }],
    drawSources: [flipSource],
  }),
});

/** Center of the rotation: (x, y) in pixels from the upper left corner of the image. Default: the center of the image. */
const centreOption = v.optional(v.strictTuple([finite, finite], 'two numbers: [x, y]'));
/** The center in coordinates in which pixel centers are integers, as WGSL. */
const centreOf = (center: readonly [number, number] | undefined, { width, height }: Picture) => {
  const [x, y] = center ?? [width / 2, height / 2];
  return `vec2f(${x - 0.5}, ${y - 0.5})`;
};

/** Shears beyond this angle, in degrees, reduce the image almost to a line. */
const mostShear = 89;
const shearOption = oneOrMore<[number, number] | [number, number, number, number]>(
  [2, 4],
  (degrees) => Math.abs(degrees) <= mostShear,
  `degrees from -${mostShear} to ${mostShear}: a number, or [low, high] along x, or [low, high, low, high] along x and y`,
);

/**
 * torchvision.transforms.v2.RandomAffine: shears, scales, rotates about the center, and shifts by whole pixels. Interpolation is
 * bilinear by default; torchvision's default is `nearest`.
 */
const randomAffine: OpDefinition = {
  type: 'randomAffine',
  schema: v.strictObject({
    type: v.literal('randomAffine'),
    /** Degrees, clockwise as in torchvision's RandomAffine. */
    degrees: v.optional(aroundZero('degrees'), 0),
    /** Maximum shifts as fractions of width and height. */
    translate: v.optional(v.strictTuple([number(0, 1), number(0, 1)], 'two numbers: [x, y]'), [0, 0]),
    /** Values above 1 magnify. */
    scale: v.optional(range('scale', 1e-6), [1, 1]),
    /** Degrees. A number x stands for [-x, x] along x. */
    shear: v.optional(shearOption, 0),
    center: centreOption,
    p: probability(1),
    ...samplingOptions,
  }),
  compile: ({ degrees, translate, scale, shear, center, p, ...sampling }, picture) => {
    const shears: number[] = typeof shear === 'number' ? [-Math.abs(shear), Math.abs(shear), 0, 0] : [...shear, 0, 0];
    const [xLow, xHigh, yLow, yHigh] = shears as [number, number, number, number];
    if (xLow > xHigh || yLow > yHigh) {
      throw new ConfigurationError({
        what: 'shear has its bounds in the wrong order',
        found: shear,
        expected: 'low <= high',
      });
    }
    const shift = (share: number, size: number): Draw => {
      const draw = drawnFrom(pairOf(share * size));
      return draw.from === 'uniform' ? { ...draw, from: 'rounded' } : draw;
    };
    return {
      code: 4,
      p,
      fields: [
        { name: 'angle', draw: drawnFrom(pairOf(degrees)) },
        { name: 'translateX', draw: shift(translate[0], picture.width) },
        { name: 'translateY', draw: shift(translate[1], picture.height) },
        { name: 'scale', draw: drawnFrom(scale), identity: 1 },
        { name: 'shearX', draw: drawnFrom([xLow, xHigh]) },
        { name: 'shearY', draw: drawnFrom([yLow, yHigh]) },
      ],
      steps: [
        { kind: 'map', call: 'random_affine', args: [centreOf(center, picture)], sampling: samplingOf(sampling) },
      ],
      drawSources: [affineSource],
    };
  },
};

/**
 * torchvision.transforms.v2.RandomRotation without `expand`, because all images of a batch have the same size. Interpolation is
 * bilinear by default; torchvision's default is `nearest`.
 */
const randomRotation: OpDefinition = {
  type: 'randomRotation',
  schema: v.strictObject({
    type: v.literal('randomRotation'),
    /** Degrees, counterclockwise as in torchvision's RandomRotation. */
    degrees: aroundZero('degrees'),
    center: centreOption,
    p: probability(1),
    ...samplingOptions,
  }),
  compile: ({ degrees, center, p, ...sampling }, picture) => ({
    code: 7,
    p,
    fields: [{ name: 'angle', draw: drawnFrom(pairOf(degrees)) }],
    steps: [
      { kind: 'map', call: 'random_rotation', args: [centreOf(center, picture)], sampling: samplingOf(sampling) },
    ],
    drawSources: [rotationSource],
  }),
};

/** Range of positions of the corners along one axis: they move towards the center, by whole pixels. */
function corners(size: number, distortion: number): { first: Draw; last: Draw } {
  const most = Math.floor(distortion * Math.floor(size / 2));
  return { first: wholeDrawnFrom([0, most]), last: wholeDrawnFrom([size - 1 - most, size - 1]) };
}

/**
 * torchvision.transforms.v2.RandomPerspective: moves each corner towards the center, along each axis by up to `distortionScale` of
 * half the size.
 */
const randomPerspective: OpDefinition = {
  type: 'randomPerspective',
  schema: v.strictObject({
    type: v.literal('randomPerspective'),
    distortionScale: v.optional(number(0, 1), 0.5),
    p: probability(0.5),
    ...samplingOptions,
  }),
  compile: ({ distortionScale, p, ...sampling }, { width, height }) => {
    if (Math.min(width, height) < 2) {
      throw new ConfigurationError({
        what: 'an image of one row or column has no corners',
        found: `${height} x ${width} pixels`,
        expected: 'at least 2 x 2',
        fix: 'leave it out for these images',
      });
    }
    const [x, y] = [corners(width, distortionScale), corners(height, distortionScale)];
    const corner = (name: string, right: boolean, bottom: boolean): Field[] => [
      { name: `${name}X`, draw: right ? x.last : x.first, identity: right ? width - 1 : 0 },
      { name: `${name}Y`, draw: bottom ? y.last : y.first, identity: bottom ? height - 1 : 0 },
    ];
    return {
      code: 8,
      p,
      fields: [
        ...corner('topLeft', false, false),
        ...corner('topRight', true, false),
        ...corner('bottomRight', true, true),
        ...corner('bottomLeft', false, true),
      ],
      steps: [{ kind: 'map', call: 'random_perspective', projective: true, sampling: samplingOf(sampling) }],
      drawSources: [perspectiveSource],
    };
  },
};

/** Albumentations' RandomRotate90: counterclockwise quarter turns that copy pixels. */
const randomRotate90: OpDefinition = {
  type: 'randomRotate90',
  schema: v.strictObject({
    type: v.literal('randomRotate90'),
    /** Numbers of quarter turns to choose from. */
    turns: v.optional(v.pipe(v.array(integer(0, 3)), v.minLength(1, 'at least one of 0, 1, 2, 3')), [0, 1, 2, 3]),
    p: probability(1),
  }),
  compile: ({ turns, p }: { turns: number[]; p: number }, { width, height }) => {
    if (width !== height && turns.some((turn) => turn % 2 === 1)) {
      throw new ConfigurationError({
        what: 'a quarter turn swaps height and width',
        found: `turns ${turns.join(', ')} of images of ${height} x ${width}`,
        expected: 'square images, or half turns',
        fix: 'set "turns": [0, 2], or crop the images to squares first',
      });
    }
    return {
      code: 10,
      p,
      fields: [
        {
          name: 'quarterTurns',
          draw: turns.length > 1 ? { from: 'choice', values: turns } : { from: 'constant', value: turns[0]! },
        },
      ],
      steps: [{ kind: 'map', call: 'random_rotate_90' }],
      drawSources: [quarterSource],
    };
  },
};

export const geometry: readonly OpDefinition[] = [
  flip('randomHorizontalFlip', 2, ['true', 'false']),
  flip('randomVerticalFlip', 3, ['false', 'true']),
  randomAffine,
  randomRotation,
  randomPerspective,
  randomRotate90,
];
