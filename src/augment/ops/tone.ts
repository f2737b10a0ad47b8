import * as v from 'valibot';
import adjustSource from '../../../shaders/augment/adjust_color.wgsl?raw';
import sharpnessSource from '../../../shaders/augment/random_adjust_sharpness.wgsl?raw';
import autocontrastSource from '../../../shaders/augment/random_autocontrast.wgsl?raw';
import equalizeSource from '../../../shaders/augment/random_equalize.wgsl?raw';
import posterizeSource from '../../../shaders/augment/random_posterize.wgsl?raw';
import solarizeSource from '../../../shaders/augment/random_solarize.wgsl?raw';
import { ConfigurationError } from '../../errors.ts';
import type { OpDefinition } from '../op.ts';
import { drawnFrom, fixedOrRange, fixedOrWholeRange, probability, wholeDrawnFrom } from './options.ts';

/**
 * torchvision.transforms.v2.RandomSolarize: inverts what is at least `threshold`, a grey level. Where torchvision takes one
 * number, these take [low, high] as well, of which each image draws its own.
 */
const randomSolarize: OpDefinition = {
  type: 'randomSolarize',
  schema: v.strictObject({
    type: v.literal('randomSolarize'),
    threshold: v.optional(fixedOrRange('threshold', 0, 256), 128),
    p: probability(0.5),
  }),
  compile: ({ threshold, p }) => ({
    code: 17,
    p,
    fields: [{ name: 'threshold', draw: drawnFrom(threshold), identity: 256 }],
    steps: [{ kind: 'pixel', call: 'random_solarize' }],
    pixelSources: [solarizeSource],
  }),
};

/** torchvision.transforms.v2.RandomPosterize: keeps the highest bits of a byte. What lies between bytes is rounded first. */
const randomPosterize: OpDefinition = {
  type: 'randomPosterize',
  schema: v.strictObject({
    type: v.literal('randomPosterize'),
    bits: fixedOrWholeRange('bits', 0, 8),
    p: probability(0.5),
  }),
  compile: ({ bits, p }) => ({
    code: 21,
    p,
    fields: [{ name: 'bits', draw: wholeDrawnFrom(bits), identity: 8 }],
    steps: [{ kind: 'pixel', call: 'random_posterize' }],
    pixelSources: [posterizeSource],
  }),
};

/** torchvision.transforms.v2.RandomEqualize: the histogram of each channel made even, by Pillow's table. Rounds to bytes first. */
const randomEqualize: OpDefinition = {
  type: 'randomEqualize',
  schema: v.strictObject({ type: v.literal('randomEqualize'), p: probability(0.5) }),
  compile: ({ p }) => ({
    code: 22,
    p,
    fields: [],
    steps: [{ kind: 'pixel', call: 'random_equalize', needs: [{ of: 'tables' }] }],
    pixelSources: [equalizeSource],
  }),
};

/** torchvision.transforms.v2.RandomAutocontrast: each channel's least becomes 0, its most 255. */
const randomAutocontrast: OpDefinition = {
  type: 'randomAutocontrast',
  schema: v.strictObject({ type: v.literal('randomAutocontrast'), p: probability(0.5) }),
  compile: ({ p }) => ({
    code: 23,
    p,
    fields: [],
    steps: [{ kind: 'pixel', call: 'random_autocontrast', needs: [{ of: 'statistics' }] }],
    pixelSources: [autocontrastSource],
  }),
};

/** torchvision.transforms.v2.RandomAdjustSharpness: a blend with the image smoothed 3 x 3. Factor 0 smooths, 1 is the image, 2 sharpens. */
const randomAdjustSharpness: OpDefinition = {
  type: 'randomAdjustSharpness',
  schema: v.strictObject({
    type: v.literal('randomAdjustSharpness'),
    sharpnessFactor: fixedOrRange('sharpnessFactor', 0),
    p: probability(0.5),
  }),
  compile: ({ sharpnessFactor, p }, { height, width }) => {
    if (Math.min(height, width) < 3) {
      throw new ConfigurationError({
        what: 'it leaves the outermost pixels unchanged, and there are no others',
        found: `images of ${height} x ${width}`,
        expected: 'at least 3 x 3',
      });
    }
    return {
      code: 24,
      p,
      fields: [{ name: 'sharpnessFactor', draw: drawnFrom(sharpnessFactor), identity: 1 }],
      steps: [{ kind: 'filter', call: 'random_adjust_sharpness' }],
      pixelSources: [adjustSource, sharpnessSource],
    };
  },
};

export const tone: readonly OpDefinition[] = [
  randomSolarize,
  randomPosterize,
  randomEqualize,
  randomAutocontrast,
  randomAdjustSharpness,
];
