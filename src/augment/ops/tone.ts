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
 * torchvision.transforms.v2.RandomSolarize: inverts pixels at or above `threshold`, a gray level. Where torchvision takes one
 * number, the ops in this file also take [low, high], from which a number is sampled for each image.
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

/** torchvision.transforms.v2.RandomPosterize: keeps the highest bits of a byte. Values between bytes are rounded first. */
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

/**
 * torchvision.transforms.v2.RandomEqualize: equalizes the histogram of each channel with Pillow's lookup table. Rounds to bytes
 * first.
 */
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

/** torchvision.transforms.v2.RandomAutocontrast: stretches each channel so that its minimum becomes 0 and its maximum 255. */
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

/**
 * torchvision.transforms.v2.RandomAdjustSharpness: blends the image with a 3 x 3 blur of it. Factor 0 blurs, 1 leaves it unchanged,
 * 2 sharpens.
 */
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
        what: 'it changes only pixels that are not at the border, and there are none',
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
