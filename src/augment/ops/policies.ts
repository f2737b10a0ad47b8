import * as v from 'valibot';
import autoAugmentDrawSource from '../../../shaders/augment/auto_augment_draw.wgsl?raw';
import { integer } from '../../check.ts';
import { ConfigurationError } from '../../errors.ts';
import type { Field, OpDefinition } from '../op.ts';
import { augMix } from './aug_mix.ts';
import { interpolationOption, probability, samplingOf, samplingOptions } from './options.ts';
import {
  drawnSlot,
  drawSources,
  numberOf,
  passOf,
  pixelSources,
  requirePolicyColor,
  type Slot,
  upTo,
} from './policy_slots.ts';
import {
  autoAugmentSpace,
  choicesOf,
  cifar10Policy,
  policyOps,
  randAugmentSpace,
  trivialAugmentWideSpace,
} from './policy_tables.ts';

const numMagnitudeBins = v.optional(integer(2, 100), 31);
const policyOptions = { p: probability(1), ...samplingOptions, interpolation: interpolationOption('nearest') };

const numberedSlots = (n: number) => upTo(n).map((i): Slot => ({ op: `op${i + 1}`, magnitude: `magnitude${i + 1}` }));

/** torchvision.transforms.v2.RandAugment (Cubuk et al. 2020): `numOps` ops in sequence, all of the same magnitude. */
const randAugment: OpDefinition = {
  type: 'randAugment',
  schema: v.strictObject({
    type: v.literal('randAugment'),
    numOps: v.optional(integer(1, 16), 2),
    /** Index of the magnitude bin: 0 is the weakest. */
    magnitude: v.optional(integer(0), 9),
    numMagnitudeBins,
    ...policyOptions,
  }),
  compile: ({ numOps, magnitude, numMagnitudeBins, p, ...sampling }, picture) => {
    requirePolicyColor(picture);
    if (magnitude >= numMagnitudeBins) {
      throw new ConfigurationError({
        what: 'magnitude is the index of a bin and must be below numMagnitudeBins',
        found: magnitude,
        expected: `an integer from 0 to numMagnitudeBins - 1 = ${numMagnitudeBins - 1}`,
      });
    }
    const space = randAugmentSpace(numMagnitudeBins, picture);
    const slots = Array.from(
      { length: numOps },
      (_, i): Slot => ({ op: `op${i + 1}`, magnitude: `magnitude${i + 1}` }),
    );
    const fields = slots.flatMap((slot) => drawnSlot(slot, space, [magnitude]));
    const steps = slots.map((slot) => passOf(slot, fields, samplingOf(sampling)));
    return { code: 80, p, fields, steps, drawSources, pixelSources };
  },
};

/** torchvision.transforms.v2.TrivialAugmentWide (Müller and Hutter 2021): one op of random magnitude. */
const trivialAugmentWide: OpDefinition = {
  type: 'trivialAugmentWide',
  schema: v.strictObject({ type: v.literal('trivialAugmentWide'), numMagnitudeBins, ...policyOptions }),
  compile: ({ numMagnitudeBins, p, ...sampling }, picture) => {
    requirePolicyColor(picture);
    const slot = { op: 'op', magnitude: 'magnitude' };
    const fields = drawnSlot(slot, trivialAugmentWideSpace(numMagnitudeBins));
    return { code: 81, p, fields, steps: [passOf(slot, fields, samplingOf(sampling))], drawSources, pixelSources };
  },
};

/** torchvision.transforms.v2.AutoAugment (Cubuk et al. 2019): one of 25 pairs of ops that were learned on CIFAR-10. */
const autoAugment: OpDefinition = {
  type: 'autoAugment',
  schema: v.strictObject({
    type: v.literal('autoAugment'),
    policy: v.optional(v.picklist(['cifar10']), 'cifar10'),
    ...policyOptions,
  }),
  compile: ({ p, ...sampling }, picture) => {
    requirePolicyColor(picture);
    const space = autoAugmentSpace(picture);
    const rows = cifar10Policy.flat().map(([op, chance, bin]) => {
      const choices = choicesOf(space, op, bin === null ? [] : [bin]);
      return `vec4f(${numberOf(op)}, ${chance}, ${choices[0]}, ${choices.at(-1)})`;
    });
    const slots = numberedSlots(2);
    const fields: Field[] = [
      { name: 'subPolicy', draw: { from: 'integer', low: 0, high: cifar10Policy.length - 1 } },
      ...slots.flatMap(({ op, magnitude }) => [{ name: op, as: policyOps }, { name: magnitude }]),
    ];
    return {
      code: 82,
      p,
      fields,
      draw: { call: 'auto_augment_draw', args: [`array<vec4f, ${rows.length}>(${rows.join(', ')})`] },
      steps: slots.map((slot) => passOf(slot, fields, samplingOf(sampling))),
      drawSources: [...drawSources, autoAugmentDrawSource],
      pixelSources,
    };
  },
};

export const policies: readonly OpDefinition[] = [randAugment, trivialAugmentWide, autoAugment, augMix];
