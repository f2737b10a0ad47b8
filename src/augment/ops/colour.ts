import * as v from 'valibot';
import invertSource from '../../../shaders/augment/random_invert.wgsl?raw';
import solarizeSource from '../../../shaders/augment/random_solarize.wgsl?raw';
import { number } from '../../check.ts';
import type { OpDefinition } from '../op.ts';
import { probability } from './options.ts';

/** torchvision.transforms.v2.RandomInvert: 255 - x. */
const randomInvert: OpDefinition = {
  type: 'randomInvert',
  schema: v.strictObject({ type: v.literal('randomInvert'), p: probability(0.5) }),
  compile: ({ p }) => ({
    code: 16,
    p,
    fields: [],
    steps: [{ kind: 'pixel', call: 'random_invert' }],
    pixelSources: [invertSource],
  }),
};

/** torchvision.transforms.v2.RandomSolarize: inverts what is at least `threshold`, a grey level. */
const randomSolarize: OpDefinition = {
  type: 'randomSolarize',
  schema: v.strictObject({
    type: v.literal('randomSolarize'),
    threshold: v.optional(number(0, 256), 128),
    p: probability(0.5),
  }),
  compile: ({ threshold, p }) => ({
    code: 17,
    p,
    fields: [{ name: 'threshold', draw: { from: 'constant', value: threshold }, identity: 256 }],
    steps: [{ kind: 'pixel', call: 'random_solarize' }],
    pixelSources: [solarizeSource],
  }),
};

export const colour: readonly OpDefinition[] = [randomInvert, randomSolarize];
