import * as v from 'valibot';
import augMixSource from '../../../shaders/augment/aug_mix.wgsl?raw';
import augMixDrawSource from '../../../shaders/augment/aug_mix_draw.wgsl?raw';
import betaSource from '../../../shaders/lib/beta.wgsl?raw';
import { integer, number } from '../../check.ts';
import type { Field, FilterStep, OpDefinition, Step } from '../op.ts';
import { probability, samplingOf, samplingOptions } from './options.ts';
import {
  drawSources,
  magnitudeField,
  numberOf,
  opNumbers,
  passOf,
  pixelSources,
  requirePolicyColor,
  type Slot,
  upTo,
} from './policy_slots.ts';
import { augMixSpace, policyOps } from './policy_tables.ts';

/** Chains of sampled length have 1 to 3 ops, as in torchvision. */
const mostDrawn = 3;
/** Maximum number of chains, and of ops per chain. */
const most = 8;

const chainDepth = v.custom<number>(
  (depth) => depth === -1 || (Number.isInteger(depth) && (depth as number) >= 1 && (depth as number) <= most),
  `an integer from 1 to ${most}, or -1: from 1 to ${mostDrawn}, drawn for each chain`,
);

/**
 * torchvision.transforms.v2.AugMix (Hendrycks et al. 2020): several chains of ops, each applied to the original image, mixed with
 * it. Every chain has the maximum length; shorter ones are padded with the identity.
 */
export const augMix: OpDefinition = {
  type: 'augMix',
  schema: v.strictObject({
    type: v.literal('augMix'),
    /** Magnitudes are sampled from this many of the weakest of 10 bins. */
    severity: v.optional(integer(1, 10), 3),
    mixtureWidth: v.optional(integer(1, most), 3),
    chainDepth: v.optional(chainDepth, -1),
    /** Parameter of the Beta and Dirichlet distributions of the mixing weights. */
    alpha: v.optional(number(0.01, 100), 1),
    /** Also uses brightness, color, contrast and sharpness. */
    allOps: v.optional(v.boolean('a boolean'), true),
    p: probability(1),
    ...samplingOptions,
  }),
  compile: ({ severity, mixtureWidth, chainDepth, alpha, allOps, p, ...sampling }, picture) => {
    requirePolicyColor(picture);
    const space = augMixSpace(picture, allOps);
    const bins = upTo(severity);
    const longest = chainDepth === -1 ? mostDrawn : chainDepth;
    const chains = upTo(mixtureWidth).map((i) => {
      const name = `chain${i + 1}`;
      const slots = upTo(longest).map(
        (j): Slot => ({ op: `${name}Op${j + 1}`, magnitude: `${name}Magnitude${j + 1}` }),
      );
      return { weight: `${name}Weight`, depth: `${name}Depth`, slots };
    });
    const fields: Field[] = [
      { name: 'originalWeight', identity: 1 },
      ...chains.map(({ weight }) => ({ name: weight })),
      ...chains.flatMap(({ depth, slots }): Field[] => [
        {
          name: depth,
          draw: chainDepth === -1 ? { from: 'integer', low: 1, high: longest } : { from: 'constant', value: longest },
        },
        ...slots.flatMap((slot, j): Field[] => {
          const values = upTo(longest + 1).map((depth) => (j < depth ? opNumbers(space) : [numberOf('identity')]));
          return [
            { name: slot.op, draw: { from: 'choiceBy', field: depth, values }, as: policyOps },
            magnitudeField(slot, space, bins),
          ];
        }),
      ]),
    ];
    const steps = chains.flatMap(({ slots }, i): Step[] => [
      ...slots.map((slot, j): FilterStep => {
        const step = passOf(slot, fields, samplingOf(sampling));
        return j === 0 ? { ...step, reads: 'input' } : step;
      }),
      { kind: 'pixel', call: 'aug_mix', args: [`${i}u`], beside: i === 0 ? 'input' : 'sum', names: 'sum' },
    ]);
    return {
      code: 83,
      p,
      fields,
      draw: { call: 'aug_mix_draw', args: [`${mixtureWidth}u`, alpha] },
      steps,
      drawSources: [...drawSources, betaSource, augMixDrawSource],
      pixelSources: [...pixelSources, augMixSource],
    };
  },
};
