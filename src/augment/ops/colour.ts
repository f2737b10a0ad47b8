import * as v from 'valibot';
import adjustSource from '../../../shaders/augment/adjust_colour.wgsl?raw';
import jitterSource from '../../../shaders/augment/color_jitter.wgsl?raw';
import gammaSource from '../../../shaders/augment/random_gamma.wgsl?raw';
import grayscaleSource from '../../../shaders/augment/random_grayscale.wgsl?raw';
import invertSource from '../../../shaders/augment/random_invert.wgsl?raw';
import { number } from '../../check.ts';
import type { Draw, OpDefinition, PixelStep } from '../op.ts';
import { drawnFrom, fixedOrRange, probability, range, requireColour } from './options.ts';

/** What colorJitter adjusts; in its record and in the numbers of their order they come in this order. */
export const adjustments = ['brightness', 'contrast', 'saturation', 'hue'] as const;
const [contrast, saturation, hue] = [1, 2, 3];

/** Every order of the adjustments; an order's number is its index. */
export const jitterOrders: readonly string[] = permutations([...adjustments]).map((order) => order.join(', '));

function permutations(names: string[]): string[][] {
  if (names.length === 0) return [[]];
  return names.flatMap((name) => permutations(names.filter((other) => other !== name)).map((rest) => [name, ...rest]));
}

const factorsOption = (name: string) => v.optional(fixedOrRange(name, 0), 0);
/** A number x stands for factors from 1 - x, but not below 0, to 1 + x. */
const factorsOf = (value: number | readonly [number, number]) =>
  typeof value === 'number' ? ([Math.max(0, 1 - value), 1 + value] as const) : value;

/**
 * torchvision.transforms.v2.ColorJitter, a draw for each image: the factors, the turn of the hue, and the order in which
 * they are applied. A single adjustment is a colorJitter with one option; in a list it may come several times, each with a
 * probability of its own. Every adjustment ends among the grey levels 0 to 255, and hue goes by way of HSV, so the four
 * are not one matrix; all but contrast, which must know the whole image first, share a kernel.
 */
const colorJitter: OpDefinition = {
  type: 'colorJitter',
  schema: v.strictObject({
    type: v.literal('colorJitter'),
    brightness: factorsOption('brightness'),
    contrast: factorsOption('contrast'),
    saturation: factorsOption('saturation'),
    /** Of a full turn. */
    hue: v.optional(
      v.union(
        [number(0, 0.5), range('hue', -0.5, 0.5)],
        'a number from 0 to 0.5, or hue: [low, high] with low >= -0.5, low <= high, high <= 0.5',
      ),
      0,
    ),
    p: probability(1),
  }),
  compile: (options, picture) => {
    const draws = adjustments.map((name): Draw => {
      const value = options[name];
      if (name !== 'hue') return drawnFrom(factorsOf(value));
      return drawnFrom(typeof value === 'number' ? [-value, value] : value);
    });
    const identities = [1, 1, 1, 0];
    const isUsed = draws.map((draw, i) => !(draw.from === 'constant' && draw.value === identities[i]));
    if (isUsed[saturation]) requireColour(picture, 'adjusts the saturation');
    if (isUsed[hue]) requireColour(picture, 'adjusts the hue');
    const used = isUsed.reduce((bits, is, i) => bits + (is ? 2 ** i : 0), 0);
    const ordered = isUsed.filter((is) => is).length > 1;
    const last = jitterOrders.length - 1;
    const step = (behind: boolean): PixelStep => ({
      kind: 'pixel',
      call: 'color_jitter',
      args: [`${used}u`, `${behind}`],
    });
    const others = isUsed.some((is, i) => is && i !== contrast);
    return {
      code: 18,
      p: options.p,
      fields: [
        ...adjustments.map((name, i) => ({ name, draw: draws[i]!, identity: identities[i]! })),
        {
          name: 'order',
          draw: ordered ? { from: 'integer', low: 0, high: last } : { from: 'constant', value: 0 },
          as: jitterOrders,
        },
      ],
      steps: [
        ...(others || !isUsed[contrast] ? [step(false)] : []),
        ...(isUsed[contrast] ? [{ ...step(true), needs: 'statistics' as const }] : []),
      ],
      pixelSources: [adjustSource, jitterSource],
    };
  },
};

/** torchvision's adjust_gamma with an exponent for each image: 255 gain (x / 255)^gamma. Above 1 darkens. */
const randomGamma: OpDefinition = {
  type: 'randomGamma',
  schema: v.strictObject({
    type: v.literal('randomGamma'),
    gamma: fixedOrRange('gamma', 1e-3, 1e3),
    gain: v.optional(fixedOrRange('gain', 0), 1),
    p: probability(1),
  }),
  compile: ({ gamma, gain, p }) => ({
    code: 19,
    p,
    fields: [
      { name: 'gamma', draw: drawnFrom(gamma), identity: 1 },
      { name: 'gain', draw: drawnFrom(gain), identity: 1 },
    ],
    steps: [{ kind: 'pixel', call: 'random_gamma' }],
    pixelSources: [gammaSource],
  }),
};

/** torchvision.transforms.v2.RandomGrayscale: all three channels become 0.2989 red + 0.587 green + 0.114 blue. */
const randomGrayscale: OpDefinition = {
  type: 'randomGrayscale',
  schema: v.strictObject({ type: v.literal('randomGrayscale'), p: probability(0.1) }),
  compile: ({ p }, picture) => {
    requireColour(picture, 'takes the colour away');
    return {
      code: 20,
      p,
      fields: [],
      steps: [{ kind: 'pixel', call: 'random_grayscale' }],
      pixelSources: [grayscaleSource],
    };
  },
};

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

export const colour: readonly OpDefinition[] = [colorJitter, randomGamma, randomGrayscale, randomInvert];
