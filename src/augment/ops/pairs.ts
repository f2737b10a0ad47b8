import * as v from 'valibot';
import cutMixSource from '../../../shaders/augment/cut_mix.wgsl?raw';
import cutMixDrawSource from '../../../shaders/augment/cut_mix_draw.wgsl?raw';
import mixUpSource from '../../../shaders/augment/mix_up.wgsl?raw';
import betaSource from '../../../shaders/lib/beta.wgsl?raw';
import { number } from '../../check.ts';
import type { OpDefinition } from '../op.ts';
import { probability } from './options.ts';

/**
 * Parameter of Beta(alpha, alpha), from which the weight of the image itself is sampled: 1 is uniform, small values leave most
 * images nearly unmixed.
 */
const alpha = v.optional(number(0.01, 100), 1);

/**
 * torchvision.transforms.v2.MixUp (Zhang et al. 2018): lambda times the image plus 1 - lambda times another, randomly chosen image
 * of the data set, which is augmented independently. The label is mixed with the same weights.
 */
const mixUp: OpDefinition = {
  type: 'mixUp',
  schema: v.strictObject({ type: v.literal('mixUp'), alpha, p: probability(1) }),
  compile: ({ alpha, p }) => ({
    code: 96,
    p,
    fields: [{ name: 'lambda', draw: { from: 'beta', alpha }, identity: 1 }],
    steps: [{ kind: 'pair', call: 'mix_up' }],
    drawSources: [betaSource],
    pixelSources: [mixUpSource],
  }),
};

/**
 * torchvision.transforms.v2.CutMix (Yun et al. 2019): pastes a box of another image of the data set. The label weights are the
 * exact fractions of the pixels.
 */
const cutMix: OpDefinition = {
  type: 'cutMix',
  schema: v.strictObject({ type: v.literal('cutMix'), alpha, p: probability(1) }),
  compile: ({ alpha, p }) => ({
    code: 97,
    p,
    fields: ['left', 'top', 'right', 'bottom'].map((name) => ({ name })),
    draw: { call: 'cut_mix_draw', args: [alpha] },
    steps: [{ kind: 'pair', call: 'cut_mix' }],
    drawSources: [betaSource, cutMixDrawSource],
    pixelSources: [cutMixSource],
  }),
};

export const pairs: readonly OpDefinition[] = [mixUp, cutMix];
