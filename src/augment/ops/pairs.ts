import * as v from 'valibot';
import cutMixSource from '../../../shaders/augment/cut_mix.wgsl?raw';
import cutMixDrawSource from '../../../shaders/augment/cut_mix_draw.wgsl?raw';
import mixUpSource from '../../../shaders/augment/mix_up.wgsl?raw';
import betaSource from '../../../shaders/lib/beta.wgsl?raw';
import { number } from '../../check.ts';
import type { OpDefinition } from '../op.ts';
import { probability } from './options.ts';

/** The share of the image itself is drawn from Beta(alpha, alpha): 1 is uniform, small ones leave most images nearly whole. */
const alpha = v.optional(number(0.01, 100), 1);

/**
 * torchvision.transforms.v2.MixUp (Zhang et al. 2018): lambda times the image plus 1 - lambda times another of the data
 * set, which is drawn, and augmented, for itself. The label becomes lambda of the one and 1 - lambda of the other.
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
 * torchvision.transforms.v2.CutMix (Yun et al. 2019): a box of another image of the data set. The label's shares are those of
 * the pixels, exactly.
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
