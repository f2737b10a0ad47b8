import * as v from 'valibot';
import cropSource from '../../../shaders/augment/random_crop.wgsl?raw';
import resizedSource from '../../../shaders/augment/random_resized_crop.wgsl?raw';
import resizedDrawSource from '../../../shaders/augment/random_resized_crop_draw.wgsl?raw';
import { ConfigurationError } from '../../errors.ts';
import { type Draw, type FillMode, mostPixels, type OpDefinition, type Picture } from '../op.ts';
import { finite, interpolationOf, interpolationOption, oneOrMore, probability, range } from './options.ts';
import { roundHalfEven } from './round_half_even.ts';

const isPixels = (n: number) => Number.isInteger(n) && n <= mostPixels;
const sizeSchema = oneOrMore<[number, number]>(
  [2],
  (n) => isPixels(n) && n > 0,
  `a number of pixels from 1 to ${mostPixels}, or a pair [height, width] of them`,
);
const sizeOf = (size: number | [number, number]) => {
  const [height, width] = typeof size === 'number' ? [size, size] : size;
  return { height, width };
};

const isOther = (to: { height: number; width: number }, from: Picture) =>
  to.height !== from.height || to.width !== from.width;

/** Padding in the forms that torchvision's pad accepts. */
const paddingSchema = oneOrMore<[number, number] | [number, number, number, number]>(
  [2, 4],
  (n) => isPixels(n) && n >= 0,
  `a number of pixels from 0 to ${mostPixels}, or [left and right, top and bottom], or [left, top, right, bottom]`,
);

function paddingOf(padding: number | [number, number] | [number, number, number, number]) {
  const [left, top, right, bottom] =
    typeof padding === 'number'
      ? [padding, padding, padding, padding]
      : padding.length === 2
        ? [padding[0], padding[1], padding[0], padding[1]]
        : padding;
  return { left, top, right, bottom };
}

/** torchvision's padding modes under SciPy's names. */
const padding = {
  constant: 'gridConstant',
  edge: 'nearest',
  reflect: 'mirror',
  symmetric: 'reflect',
} as const satisfies Record<string, FillMode>;

/** Range of start positions of a crop along one axis, and the start position of torchvision's center_crop. */
function offsets(size: number, crop: number, before: number, after: number, ifNeeded: boolean) {
  // pad_if_needed pads both sides by the missing number of pixels.
  const missing = ifNeeded ? Math.max(0, crop - before - size - after) : 0;
  const least = 0 - before - missing; // 0 - before instead of -before, which would be -0 for 0.
  const most = size + after + missing - crop;
  const middle = size < crop ? 0 - Math.floor((crop - size) / 2) : roundHalfEven((size - crop) / 2);
  return { least, most, middle: Math.min(most, Math.max(least, middle)) };
}

const place = (least: number, most: number): Draw =>
  least === most ? { from: 'constant', value: least } : { from: 'integer', low: least, high: most };

/**
 * torchvision.transforms.v2.RandomCrop: crops `size` from the padded image at a random whole-pixel position. An unaugmented image
 * is cropped at its center. `top` and `left` count from the corner of the unpadded image, as in torchvision's functional crop, and
 * are negative inside the border.
 */
const randomCrop: OpDefinition = {
  type: 'randomCrop',
  schema: v.strictObject({
    type: v.literal('randomCrop'),
    size: sizeSchema,
    padding: v.optional(paddingSchema, 0),
    /** Pads an image that is smaller than `size` on both sides, by the missing number of pixels. */
    padIfNeeded: v.optional(v.boolean(), false),
    /** Gray level, 0 to 255. */
    fill: v.optional(finite, 0),
    paddingMode: v.optional(v.picklist(['constant', 'edge', 'reflect', 'symmetric']), 'constant'),
    p: probability(1),
  }),
  compile: ({ size, padding: around, padIfNeeded, fill, paddingMode, p }, picture) => {
    const to = sizeOf(size);
    const { left, top, right, bottom } = paddingOf(around);
    const down = offsets(picture.height, to.height, top, bottom, padIfNeeded);
    const across = offsets(picture.width, to.width, left, right, padIfNeeded);
    if (down.most < down.least || across.most < across.least) {
      throw new ConfigurationError({
        what: 'size is larger than the image',
        found: `size [${to.height}, ${to.width}] of an image of ${top + picture.height + bottom} x ${left + picture.width + right}, its border counted`,
        expected: 'a size that fits into the image',
        fix: 'make size smaller or padding larger, or set "padIfNeeded": true',
      });
    }
    const bordered = Math.min(down.least, across.least) < 0 || right + bottom > 0;
    return {
      code: 5,
      p,
      fields: [
        { name: 'top', draw: place(down.least, down.most), identity: down.middle },
        { name: 'left', draw: place(across.least, across.most), identity: across.middle },
      ],
      steps: [
        {
          kind: 'map',
          call: 'random_crop',
          window: 'whole',
          ...(bordered && {
            sampling: {
              fillMode: padding[paddingMode as keyof typeof padding],
              cval: paddingMode === 'constant' ? fill : 0,
            },
          }),
          ...(isOther(to, picture) && { to }),
        },
      ],
      drawSources: [cropSource],
    };
  },
};

/** torchvision's fallback if ten samples didn't fit: the largest centered crop that the ratios allow. */
function centralCrop({ height, width }: Picture, [low, high]: readonly [number, number]): number[] {
  const ratio = width / height;
  const h = ratio < low ? Math.max(1, roundHalfEven(width / low)) : height;
  const w = ratio > high ? Math.max(1, roundHalfEven(height * high)) : width;
  return [Math.floor((height - h) / 2), Math.floor((width - w) / 2), h, w];
}

/**
 * torchvision.transforms.v2.RandomResizedCrop without antialiasing: crops a part with `scale` of the image's area and the aspect
 * `ratio` (width / height), and resizes it to `size`. An unaugmented image is resized as a whole. `nearest` takes the pixel that
 * contains the sampling position, which is "nearest-exact" in torchvision and "nearest" in Pillow.
 */
const randomResizedCrop: OpDefinition = {
  type: 'randomResizedCrop',
  schema: v.strictObject({
    type: v.literal('randomResizedCrop'),
    size: sizeSchema,
    /** Fraction of the area. */
    scale: v.optional(range('scale', 1e-6, 1), [0.08, 1]),
    /** Width / height, sampled uniformly on a log scale. */
    ratio: v.optional(range('ratio', 1e-3, 1e3), [3 / 4, 4 / 3]),
    interpolation: interpolationOption('bilinear'),
    p: probability(1),
  }),
  compile: ({ size, scale, ratio, interpolation, p }, picture) => {
    const to = sizeOf(size);
    const vector = (numbers: readonly number[]) => `vec${numbers.length}f(${numbers.join(', ')})`;
    return {
      code: 6,
      p,
      fields: [
        { name: 'top' },
        { name: 'left' },
        { name: 'height', identity: picture.height },
        { name: 'width', identity: picture.width },
      ],
      draw: {
        call: 'random_resized_crop_draw',
        args: [vector(scale), vector(ratio.map(Math.log)), vector(centralCrop(picture, ratio))],
      },
      steps: [
        {
          kind: 'map',
          call: 'random_resized_crop',
          window: 'scaled',
          sampling: { interpolationOrder: interpolationOf(interpolation) },
          ...(isOther(to, picture) && { to }),
        },
      ],
      drawSources: [resizedSource, resizedDrawSource],
    };
  },
};

export const crop: readonly OpDefinition[] = [randomCrop, randomResizedCrop];
