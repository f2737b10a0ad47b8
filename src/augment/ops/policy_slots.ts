import adjustSource from '../../../shaders/augment/adjust_color.wgsl?raw';
import mapSource from '../../../shaders/augment/policy_map.wgsl?raw';
import opSource from '../../../shaders/augment/policy_op.wgsl?raw';
import sharpnessSource from '../../../shaders/augment/random_adjust_sharpness.wgsl?raw';
import autocontrastSource from '../../../shaders/augment/random_autocontrast.wgsl?raw';
import invertSource from '../../../shaders/augment/random_invert.wgsl?raw';
import posterizeSource from '../../../shaders/augment/random_posterize.wgsl?raw';
import solarizeSource from '../../../shaders/augment/random_solarize.wgsl?raw';
import type { Field, FilterStep, Picture, Sampling } from '../op.ts';
import { requireColor } from './options.ts';
import { choicesOf, type PolicyOp, type PolicySpace, policyOps } from './policy_tables.ts';

/**
 * torchvision's policies, sampled for each image: a sequence of ops from a list, each in a separate pass over the image. A record
 * holds the op and the argument that is applied: the tangent of a shear, whole pixels, degrees counterclockwise, a factor, bits, or
 * a threshold; 0 for an op without an argument.
 */

export const numberOf = (op: PolicyOp): number => policyOps.indexOf(op);

/** Constants policy_rotate and so on, with which the shaders refer to the ops' numbers. */
const namesSource = `\n${policyOps.map((op, i) => `const policy_${op} = ${i}u;`).join('\n')}\n`;
export const drawSources = [namesSource, mapSource];
export const pixelSources = [
  namesSource,
  adjustSource,
  sharpnessSource,
  autocontrastSource,
  invertSource,
  posterizeSource,
  solarizeSource,
  opSource,
];

/** The two fields of one op of a policy. */
export interface Slot {
  op: string;
  magnitude: string;
}

export const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

export const opNumbers = (space: PolicySpace): number[] => [...space.keys()].map(numberOf);

/** One of the magnitudes of the sampled op, with a random sign if the op is signed. */
export const magnitudeField = ({ op, magnitude }: Slot, space: PolicySpace, bins?: readonly number[]): Field => ({
  name: magnitude,
  draw: { from: 'choiceBy', field: op, values: policyOps.map((name) => choicesOf(space, name, bins)) },
});

/** A uniformly chosen op of the space, and its magnitude. */
export const drawnSlot = (slot: Slot, space: PolicySpace, bins?: readonly number[]): Field[] => [
  { name: slot.op, draw: { from: 'choice', values: opNumbers(space) }, as: policyOps },
  magnitudeField(slot, space, bins),
];

/** A pass that applies the op: first its map, if it moves pixels, then its pixel function. */
export function passOf({ op }: Slot, fields: readonly Field[], sampling: Sampling): FilterStep {
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

export function requirePolicyColor(picture: Picture): void {
  requireColor(
    picture,
    'adjusts colors, among other things',
    'list single ops, such as randomAffine or randomEqualize',
  );
}
