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

/** As torchvision's pad takes it. */
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

/** Where a crop of so many pixels may begin on an axis of the image, and where torchvision's center_crop begins. */
function offsets(size: number, crop: number, before: number, after: number, ifNeeded: boolean) {
  // pad_if_needed pads both sides by what is missing.
  const missing = ifNeeded ? Math.max(0, crop - before - size - after) : 0;
  const least = 0 - before - missing; // not -before: 0 is no -0
  const most = size + after + missing - crop;
  const middle = size < crop ? 0 - Math.floor((crop - size) / 2) : roundHalfEven((size - crop) / 2);
  return { least, most, middle: Math.min(most, Math.max(least, middle)) };
}

const place = (least: number, most: number): Draw =>
  least === most ? { from: 'constant', value: least } : { from: 'integer', low: least, high: most };

/**
 * torchvision.transforms.v2.RandomCrop: a part of `size` of the image with a border around, at a place drawn among whole
 * pixels. An image that is not augmented gives its middle. `top` and `left` count from the image's own corner, as those of
 * torchvision's functional crop do: they are below 0 in the border.
 */
const randomCrop: OpDefinition = {
  type: 'randomCrop',
  schema: v.strictObject({
    type: v.literal('randomCrop'),
    size: sizeSchema,
    padding: v.optional(paddingSchema, 0),
    /** Pads an image that is smaller than `size` by what is missing, on both sides. */
    padIfNeeded: v.optional(v.boolean(), false),
    /** A grey level, 0 to 255. */
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
        fix: 'make size smaller or padding larger, or say "padIfNeeded": true',
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

/** torchvision's fallback if ten draws didn't fit: as much of the image as the ratios allow, in the middle. */
function centralCrop({ height, width }: Picture, [low, high]: readonly [number, number]): number[] {
  const ratio = width / height;
  const h = ratio < low ? Math.max(1, roundHalfEven(width / low)) : height;
  const w = ratio > high ? Math.max(1, roundHalfEven(height * high)) : width;
  return [Math.floor((height - h) / 2), Math.floor((width - w) / 2), h, w];
}

/**
 * torchvision.transforms.v2.RandomResizedCrop without antialiasing: a part of the image, `scale` of its area and `ratio`
 * wide for its height, resized to `size`. An image that is not augmented is resized as a whole. `nearest` takes the pixel
 * that the middle falls into, which torchvision and Pillow call "nearest-exact" and "nearest".
 */
const randomResizedCrop: OpDefinition = {
  type: 'randomResizedCrop',
  schema: v.strictObject({
    type: v.literal('randomResizedCrop'),
    size: sizeSchema,
    /** Share of the area. */
    scale: v.optional(range('scale', 1e-6, 1), [0.08, 1]),
    /** Width by height, drawn evenly on a log axis. */
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
