import * as v from 'valibot';
import eraseSource from '../../../shaders/augment/erase.wgsl?raw';
import eraseWithNoiseSource from '../../../shaders/augment/erase_with_noise.wgsl?raw';
import gridMaskSource from '../../../shaders/augment/grid_mask.wgsl?raw';
import gridMaskDrawSource from '../../../shaders/augment/grid_mask_draw.wgsl?raw';
import erasingDrawSource from '../../../shaders/augment/random_erasing_draw.wgsl?raw';
import { integer, number } from '../../check.ts';
import { ConfigurationError } from '../../errors.ts';
import type { Draw, Field, OpDefinition, Picture, PixelStep } from '../op.ts';
import { noiseField, noiseSources } from './noise.ts';
import { finite, fixedOrWholeRange, probability, range } from './options.ts';

type Value = number | readonly number[];

const plainValue = v.union([finite, v.array(finite)], 'a gray level, or one for each channel');
const valueOrNoise = v.union(
  [finite, v.array(finite), v.literal('random')],
  'a gray level, one for each channel, or "random"',
);

/** The replacement value as a WGSL expression. */
function valueText(value: Value, { channels }: Picture): string {
  const levels = typeof value === 'number' ? [value] : value;
  if (levels.length !== 1 && levels.length !== channels) {
    throw new ConfigurationError({
      what: 'value has the wrong number of gray levels',
      found: `${levels.length} gray levels`,
      expected: channels === 1 ? 'one, for the only channel' : `one, or ${channels} for ${channels} channels`,
    });
  }
  if (levels.length > 4) return `array<f32, ${channels}>(${levels.join(', ')})[place.channel]`;
  return `Pixel(${levels.join(', ')})`;
}

/** The erased rectangle, which may extend beyond the image, and the seed of its noise if it is filled with noise. */
const rectangleFields = (draws: readonly (Draw | undefined)[], value: Value | 'random'): Field[] => [
  ...['top', 'left', 'height', 'width'].map((name, i) => ({ name, draw: draws[i] })),
  value === 'random' ? noiseField : { name: noiseField.name, draw: { from: 'constant', value: 0 } },
];

function erasing(value: Value | 'random', picture: Picture): { steps: PixelStep[]; pixelSources: readonly string[] } {
  if (value === 'random') {
    return {
      steps: [{ kind: 'pixel', call: 'erase_with_noise', placed: true }],
      pixelSources: [...noiseSources, eraseSource, eraseWithNoiseSource],
    };
  }
  return {
    steps: [{ kind: 'pixel', call: 'erase', args: [valueText(value, picture)], placed: true }],
    pixelSources: [eraseSource],
  };
}

/**
 * torchvision.transforms.v2.RandomErasing (Zhong et al. 2020): a rectangle with `scale` of the image's area and the aspect `ratio`
 * (height / width) is replaced with `value`: a gray level, one per channel, or `random` for a random level from 0 to 255 for each
 * channel of each pixel, as in the paper. (torchvision's `random` is standard normal, because it is applied to normalized images.)
 */
const randomErasing: OpDefinition = {
  type: 'randomErasing',
  schema: v.strictObject({
    type: v.literal('randomErasing'),
    scale: v.optional(range('scale', 0, 1), [0.02, 0.33]),
    ratio: v.optional(range('ratio', 0.001, 1000), [0.3, 3.3]),
    value: v.optional(valueOrNoise, 0),
    p: probability(0.5),
  }),
  compile: ({ scale, ratio, value, p }, picture) => ({
    code: 51,
    p,
    fields: rectangleFields([], value),
    draw: { call: 'draw_erasing', args: [`vec2f(${scale.join(', ')})`, `vec2f(${ratio.map(Math.log).join(', ')})`] },
    ...erasing(value, picture),
    drawSources: [erasingDrawSource],
  }),
};

/**
 * DeVries and Taylor 2017, "Improved Regularization of CNNs with Cutout": erases a square centered at a random pixel, clipped at
 * the border.
 */
const cutout: OpDefinition = {
  type: 'cutout',
  schema: v.strictObject({
    type: v.literal('cutout'),
    /** Side of the square in pixels. */
    size: integer(1),
    value: v.optional(valueOrNoise, 0),
    p: probability(1),
  }),
  compile: ({ size, value, p }, picture) => {
    const { height, width } = picture;
    if (size > Math.min(height, width)) {
      throw new ConfigurationError({
        what: 'size is larger than the image',
        found: size,
        expected: `at most ${Math.min(height, width)}, for images of ${height} x ${width}`,
      });
    }
    const before = Math.floor(size / 2);
    const from = (length: number): Draw => ({ from: 'integer', low: -before, high: length - 1 - before });
    const whole: Draw = { from: 'constant', value: size };
    return {
      code: 52,
      p,
      fields: rectangleFields([from(height), from(width), whole, whole], value),
      ...erasing(value, picture),
    };
  },
};

/**
 * Chen et al. 2020, "GridMask Data Augmentation": divides the image into units of d x d pixels. In each unit, the square after the
 * first `ratio` of the rows and columns becomes `value`, so 2 ratio - ratio^2 of the image is kept.
 */
const gridMask: OpDefinition = {
  type: 'gridMask',
  schema: v.strictObject({
    type: v.literal('gridMask'),
    /** In pixels; both ends of a range are included. */
    d: fixedOrWholeRange('d', 2, 1e6),
    ratio: v.optional(number(0, 1, 'open'), 0.6),
    value: v.optional(plainValue, 0),
    p: probability(1),
  }),
  compile: ({ d, ratio, value, p }, picture) => {
    const [least, most] = typeof d === 'number' ? [d, d] : d;
    const longer = Math.max(picture.height, picture.width);
    if (most > longer) {
      throw new ConfigurationError({
        what: 'd is larger than the image: most images would be masked as a whole, or not at all',
        found: d,
        expected: `at most ${longer}, for images of ${picture.height} x ${picture.width}`,
      });
    }
    return {
      code: 53,
      p,
      fields: ['d', 'kept', 'offsetX', 'offsetY'].map((name) => ({
        name,
        identity: name === 'offsetX' || name === 'offsetY' ? 0 : 1,
      })),
      draw: { call: 'draw_grid_mask', args: [`vec2f(${least}, ${most})`, ratio] },
      steps: [{ kind: 'pixel', call: 'grid_mask', args: [valueText(value, picture)], placed: true }],
      drawSources: [gridMaskDrawSource],
      pixelSources: [gridMaskSource],
    };
  },
};

export const erasings: readonly OpDefinition[] = [randomErasing, cutout, gridMask];
