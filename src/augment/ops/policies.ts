import * as v from 'valibot';
import adjustSource from '../../../shaders/augment/adjust_colour.wgsl?raw';
import autoAugmentDrawSource from '../../../shaders/augment/auto_augment_draw.wgsl?raw';
import mapSource from '../../../shaders/augment/policy_map.wgsl?raw';
import opSource from '../../../shaders/augment/policy_op.wgsl?raw';
import sharpnessSource from '../../../shaders/augment/random_adjust_sharpness.wgsl?raw';
import autocontrastSource from '../../../shaders/augment/random_autocontrast.wgsl?raw';
import invertSource from '../../../shaders/augment/random_invert.wgsl?raw';
import posterizeSource from '../../../shaders/augment/random_posterize.wgsl?raw';
import solarizeSource from '../../../shaders/augment/random_solarize.wgsl?raw';
import { integer } from '../../check.ts';
import { ConfigurationError } from '../../errors.ts';
import type { Field, FilterStep, OpDefinition, Picture, Sampling } from '../op.ts';
import { interpolationOption, probability, requireColour, samplingOf, samplingOptions } from './options.ts';
import {
  autoAugmentSpace,
  choicesOf,
  cifar10Policy,
  type PolicyOp,
  type PolicySpace,
  policyOps,
  randAugmentSpace,
  trivialAugmentWideSpace,
} from './policy_tables.ts';

/**
 * torchvision's policies, drawn for each image: ops of a list, one after the other, each a pass over the image of its own.
 * A record says which op it is and what it really applies: the tangent of a shear, whole pixels, degrees counter-clockwise, a
 * factor, bits, a threshold; 0 for an op that has nothing to be applied by.
 */

const numberOf = (op: PolicyOp): number => policyOps.indexOf(op);

/** policy_rotate and so on: what the shaders call the numbers of the ops. */
const namesSource = `\n${policyOps.map((op, i) => `const policy_${op} = ${i}u;`).join('\n')}\n`;
const drawSources = [namesSource, mapSource];
const pixelSources = [
  namesSource,
  adjustSource,
  sharpnessSource,
  autocontrastSource,
  invertSource,
  posterizeSource,
  solarizeSource,
  opSource,
];

/** The two fields of an op of a policy. */
interface Slot {
  op: string;
  magnitude: string;
}

/** One of a space's ops, each as likely; then one of its magnitudes, with either sign where it has one. */
const drawnSlot = ({ op, magnitude }: Slot, space: PolicySpace, bins?: readonly number[]): Field[] => [
  { name: op, draw: { from: 'choice', values: [...space.keys()].map(numberOf) }, as: policyOps },
  {
    name: magnitude,
    draw: { from: 'choiceBy', field: op, values: policyOps.map((name) => choicesOf(space, name, bins)) },
  },
];

/** A pass: the image through the op's map, if that is what it is, and through the op. */
function passOf({ op }: Slot, fields: readonly Field[], sampling: Sampling): FilterStep {
  const args = [`${1 + fields.findIndex(({ name }) => name === op)}u`];
  const where = (...ops: PolicyOp[]) => ({ field: op, isOneOf: ops.map(numberOf) });
  return {
    kind: 'filter',
    call: 'policy_op',
    args,
    needs: [
      { of: 'statistics', where: where('contrast', 'autoContrast') },
      { of: 'tables', where: where('equalize') },
    ],
    through: { kind: 'map', call: 'policy_map', args, sampling },
  };
}

function requirePolicyColour(picture: Picture): void {
  requireColour(
    picture,
    'adjusts colours, among other things',
    'list single ops, such as randomAffine or randomEqualize',
  );
}

const numMagnitudeBins = v.optional(integer(2, 100), 31);
const policyOptions = { p: probability(1), ...samplingOptions, interpolation: interpolationOption('nearest') };

/** torchvision.transforms.v2.RandAugment (Cubuk et al. 2020): `numOps` ops in a row, each of one magnitude. */
const randAugment: OpDefinition = {
  type: 'randAugment',
  schema: v.strictObject({
    type: v.literal('randAugment'),
    numOps: v.optional(integer(1, 16), 2),
    /** The index of a bin: 0 is the weakest. */
    magnitude: v.optional(integer(0), 9),
    numMagnitudeBins,
    ...policyOptions,
  }),
  compile: ({ numOps, magnitude, numMagnitudeBins, p, ...sampling }, picture) => {
    requirePolicyColour(picture);
    if (magnitude >= numMagnitudeBins) {
      throw new ConfigurationError({
        what: 'magnitude is the index of a bin, and there are not so many',
        found: magnitude,
        wanted: `an integer from 0 to numMagnitudeBins - 1 = ${numMagnitudeBins - 1}`,
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

/** torchvision.transforms.v2.TrivialAugmentWide (Müller and Hutter 2021): one op, of any magnitude. */
const trivialAugmentWide: OpDefinition = {
  type: 'trivialAugmentWide',
  schema: v.strictObject({ type: v.literal('trivialAugmentWide'), numMagnitudeBins, ...policyOptions }),
  compile: ({ numMagnitudeBins, p, ...sampling }, picture) => {
    requirePolicyColour(picture);
    const slot = { op: 'op', magnitude: 'magnitude' };
    const fields = drawnSlot(slot, trivialAugmentWideSpace(numMagnitudeBins));
    return { code: 81, p, fields, steps: [passOf(slot, fields, samplingOf(sampling))], drawSources, pixelSources };
  },
};

/** torchvision.transforms.v2.AutoAugment (Cubuk et al. 2019): one of 25 pairs of ops that were learnt for CIFAR-10. */
const autoAugment: OpDefinition = {
  type: 'autoAugment',
  schema: v.strictObject({
    type: v.literal('autoAugment'),
    policy: v.optional(v.picklist(['cifar10']), 'cifar10'),
    ...policyOptions,
  }),
  compile: ({ p, ...sampling }, picture) => {
    requirePolicyColour(picture);
    const space = autoAugmentSpace(picture);
    const rows = cifar10Policy.flat().map(([op, chance, bin]) => {
      const choices = choicesOf(space, op, bin === null ? [] : [bin]);
      return `vec4f(${numberOf(op)}, ${chance}, ${choices[0]}, ${choices.at(-1)})`;
    });
    const slots = [1, 2].map((i): Slot => ({ op: `op${i}`, magnitude: `magnitude${i}` }));
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

export const policies: readonly OpDefinition[] = [randAugment, trivialAugmentWide, autoAugment];
