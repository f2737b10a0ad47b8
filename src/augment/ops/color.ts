import * as v from 'valibot';
import adjustSource from '../../../shaders/augment/adjust_color.wgsl?raw';
import jitterSource from '../../../shaders/augment/color_jitter.wgsl?raw';
import gammaSource from '../../../shaders/augment/random_gamma.wgsl?raw';
import grayscaleSource from '../../../shaders/augment/random_grayscale.wgsl?raw';
import invertSource from '../../../shaders/augment/random_invert.wgsl?raw';
import { number } from '../../check.ts';
import type { Limits } from '../../options.ts';
import type { Field, OpDefinition, PixelStep } from '../op.ts';
import { drawnFrom, fixedOrRange, probability, range, requireColor } from './options.ts';

/** The adjustments of colorJitter, indexed by their number in WGSL. */
const adjustments = ['brightness', 'contrast', 'saturation', 'hue'] as const;
const contrast = 1;

/** All permutations of the adjustments; a permutation's number is its index. */
export const jitterOrders = (names: readonly string[]): string[] =>
  permutations(names).map((order) => order.join(', '));

function permutations(names: readonly string[]): string[][] {
  if (names.length === 0) return [[]];
  return names.flatMap((name) => permutations(names.filter((other) => other !== name)).map((rest) => [name, ...rest]));
}

const factorsOption = (name: string) => v.optional(fixedOrRange(name, 0), 0);
/** A number x stands for factors from max(0, 1 - x) to 1 + x. */
const factorsOf = (value: number | readonly [number, number]) =>
  typeof value === 'number' ? ([Math.max(0, 1 - value), 1 + value] as const) : value;

/**
 * torchvision.transforms.v2.ColorJitter, sampled for each image: the factors, the hue shift, and the order of the adjustments. To
 * apply a single adjustment, use a colorJitter with one option; a list may contain several of them, each with its own probability.
 * Every adjustment clips to the gray levels 0 to 255, and hue goes through HSV, so the four can't be combined into one matrix. All
 * share a kernel except contrast, which needs the mean of the whole image first.
 */
const colorJitter: OpDefinition = {
  type: 'colorJitter',
  schema: v.strictObject({
    type: v.literal('colorJitter'),
    brightness: factorsOption('brightness'),
    contrast: factorsOption('contrast'),
    saturation: factorsOption('saturation'),
    /** Fraction of a full turn. */
    hue: v.optional(
      v.pipe(
        v.union(
          [number(0, 0.5), range('hue', -0.5, 0.5)],
          'a number from 0 to 0.5, or hue: [low, high] with low >= -0.5, low <= high, high <= 0.5',
        ),
        v.metadata({ kind: 'numberOrRange', least: 0, most: 0.5 } satisfies Limits),
      ),
      0,
    ),
    p: probability(1),
  }),
  compile: ({ p, hue, ...factors }, picture) => {
    const ranges = { ...factors, hue: typeof hue === 'number' ? [-hue, hue] : hue };
    const all = adjustments.map((name, which) => ({
      name,
      which,
      draw: drawnFrom(name === 'hue' ? ranges.hue : factorsOf(ranges[name])),
      identity: name === 'hue' ? 0 : 1,
    }));
    const used = all.filter(({ draw, identity }) => !(draw.from === 'constant' && draw.value === identity));
    for (const { name } of used.filter(({ which }) => which > contrast)) requireColor(picture, `adjusts the ${name}`);
    const fields: Field[] = used.map(({ name, draw, identity }) => ({ name, draw, identity }));
    const orders = jitterOrders(used.map(({ name }) => name));
    if (used.length > 1)
      fields.push({ name: 'order', draw: { from: 'integer', low: 0, high: orders.length - 1 }, as: orders });
    return {
      code: 18,
      p,
      fields,
      steps: jitterSteps(used.map(({ which }) => which)),
      pixelSources: [adjustSource, jitterSource],
    };
  },
};

/** The steps before contrast and from contrast on; a single adjustment has no order. */
function jitterSteps(used: readonly number[]): PixelStep[] {
  const known = { needs: [{ of: 'statistics' as const }] };
  if (used.length === 0) return [];
  if (used.length === 1) {
    const [which] = used;
    const step: PixelStep = { kind: 'pixel', call: 'color_jitter_by_one', args: [`${which}u`] };
    return [which === contrast ? { ...step, ...known } : step];
  }
  const bits = used.reduce((sum, which) => sum + 2 ** which, 0);
  const digits = used.reduceRight((sum, which) => 16 * sum + which, 0);
  const step = (resumes: boolean): PixelStep => ({
    kind: 'pixel',
    call: 'color_jitter',
    args: [`${bits}u`, `${digits}u`, `${resumes}`],
  });
  return used.includes(contrast) ? [step(false), { ...step(true), ...known }] : [step(false)];
}

/** torchvision's adjust_gamma with an exponent for each image: 255 gain (x / 255)^gamma. Exponents above 1 darken. */
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
    requireColor(picture, 'removes the color');
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

export const color: readonly OpDefinition[] = [colorJitter, randomGamma, randomGrayscale, randomInvert];
