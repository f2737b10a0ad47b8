import * as v from 'valibot';
import affineSource from '../../../shaders/augment/random_affine.wgsl?raw';
import flipSource from '../../../shaders/augment/random_flip.wgsl?raw';
import { number } from '../../check.ts';
import type { OpDefinition } from '../op.ts';
import { drawnFrom, probability, range, samplingOf, samplingOptions } from './options.ts';

/** A number x stands for [-x, x]. */
const aroundZero = (name: string) => v.union([number(0), range(name)], `a number >= 0, or ${name}: [low, high]`);
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

/** torchvision.transforms.v2.RandomAffine: about the middle; the picture is scaled and sheared, turned, then shifted. */
const randomAffine: OpDefinition = {
  type: 'randomAffine',
  schema: v.strictObject({
    type: v.literal('randomAffine'),
    /** Degrees, clockwise as torchvision has it. */
    degrees: v.optional(aroundZero('degrees'), 0),
    /** The largest shift, as shares of width and height. */
    translate: v.optional(v.tuple([number(0, 1), number(0, 1)]), [0, 0]),
    /** Above 1 magnifies. */
    scale: v.optional(range('scale', 1e-6), [1, 1]),
    /** Degrees: of the columns, or a pair for columns and rows. */
    shear: v.optional(v.union([number(0), v.tuple([number(0), number(0)])], 'a number >= 0 or a pair of them'), 0),
    p: probability(1),
    ...samplingOptions,
  }),
  compile: ({ degrees, translate, scale, shear, p, ...sampling }, { width, height }) => {
    const [shearX, shearY] = typeof shear === 'number' ? [shear, 0] : shear;
    return {
      code: 4,
      p,
      fields: [
        { name: 'angle', draw: drawnFrom(pairOf(degrees)) },
        { name: 'translateX', draw: drawnFrom(pairOf(translate[0] * width)) },
        { name: 'translateY', draw: drawnFrom(pairOf(translate[1] * height)) },
        { name: 'scale', draw: drawnFrom(scale), identity: 1 },
        { name: 'shearX', draw: drawnFrom(pairOf(shearX)) },
        { name: 'shearY', draw: drawnFrom(pairOf(shearY)) },
      ],
      steps: [{ kind: 'map', call: 'random_affine', sampling: samplingOf(sampling) }],
      drawSources: [affineSource],
    };
  },
};

export const geometry: readonly OpDefinition[] = [
  flip('randomHorizontalFlip', 2, ['true', 'false']),
  flip('randomVerticalFlip', 3, ['false', 'true']),
  randomAffine,
];
