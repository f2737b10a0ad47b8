import * as v from 'valibot';
import gaussianSource from '../../../shaders/augment/gaussian_noise.wgsl?raw';
import noiseSource from '../../../shaders/augment/noise.wgsl?raw';
import saltSource from '../../../shaders/augment/salt_and_pepper.wgsl?raw';
import normalSource from '../../../shaders/lib/normal.wgsl?raw';
import randomSource from '../../../shaders/lib/random.wgsl?raw';
import type { Field, OpDefinition } from '../op.ts';
import { drawnFrom, finite, fixedOrRange, probability } from './options.ts';

/** The seed of an image's noise: a record that contains it reproduces the same noise. */
export const noiseField: Field = { name: 'noise', draw: { from: 'integer', low: 0, high: 2 ** 24 - 1 } };
export const noiseSources: readonly string[] = [randomSource, noiseSource];

/**
 * torchvision.transforms.v2.GaussianNoise: x + 255 (mean + sigma z), with an independent normal z for each channel of each pixel.
 * mean and sigma are fractions of white, as for torchvision's images in 0 to 1. Without `clip`, gray levels may leave 0 to 255.
 */
const gaussianNoise: OpDefinition = {
  type: 'gaussianNoise',
  schema: v.strictObject({
    type: v.literal('gaussianNoise'),
    mean: v.optional(finite, 0),
    sigma: v.optional(fixedOrRange('sigma', 0), 0.1),
    clip: v.optional(v.boolean('a boolean'), true),
    p: probability(1),
  }),
  compile: ({ mean, sigma, clip, p }) => ({
    code: 49,
    p,
    fields: [{ name: 'mean', draw: drawnFrom(mean) }, { name: 'sigma', draw: drawnFrom(sigma) }, noiseField],
    steps: [{ kind: 'pixel', call: 'gaussian_noise', args: [`${clip}`], placed: true }],
    pixelSources: [...noiseSources, normalSource, gaussianSource],
  }),
};

/**
 * Kornia's RandomSaltAndPepperNoise: a fraction `amount` of the pixels becomes white or black in all channels; a fraction
 * `saltVsPepper` of these becomes white.
 */
const saltAndPepper: OpDefinition = {
  type: 'saltAndPepper',
  schema: v.strictObject({
    type: v.literal('saltAndPepper'),
    amount: v.optional(fixedOrRange('amount', 0, 1), 0.05),
    saltVsPepper: v.optional(fixedOrRange('saltVsPepper', 0, 1), 0.5),
    p: probability(1),
  }),
  compile: ({ amount, saltVsPepper, p }) => ({
    code: 50,
    p,
    fields: [
      { name: 'amount', draw: drawnFrom(amount) },
      { name: 'saltVsPepper', draw: drawnFrom(saltVsPepper), identity: 0.5 },
      noiseField,
    ],
    steps: [{ kind: 'pixel', call: 'salt_and_pepper', placed: true }],
    pixelSources: [...noiseSources, saltSource],
  }),
};

export const noise: readonly OpDefinition[] = [gaussianNoise, saltAndPepper];
