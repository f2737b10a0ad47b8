import * as v from 'valibot';
import { number, parse } from '../check.ts';
import { ConfigurationError } from '../errors.ts';

export const fillModes = ['constant', 'nearest', 'reflect', 'wrap'] as const;
export type FillMode = (typeof fillModes)[number];

const finite = v.pipe(v.number('a finite number'), v.finite('a finite number'));
/** valibot's union would tell of one of the two only. */
const zoom = v.custom<number | readonly [number, number]>(
  (value) =>
    typeof value === 'number'
      ? value >= 0 && value <= 1
      : Array.isArray(value) && value.length === 2 && value.every((z) => Number.isFinite(z) && z > 0),
  'a number from 0 to 1, or a pair [low, high] of positive numbers',
);

/** Keras' ImageDataGenerator arguments (keras/src/legacy/preprocessing/image.py), in camelCase, with Keras' defaults. */
const schema = v.strictObject({
  /** Degrees: theta is drawn from [-rotationRange, rotationRange). */
  rotationRange: v.optional(number(0), 0),
  /** Below 1 a share of the width, else pixels. */
  widthShiftRange: v.optional(number(0), 0),
  /** Below 1 a share of the height, else pixels. */
  heightShiftRange: v.optional(number(0), 0),
  /** Degrees, as in Keras, where 0.1 is next to nothing. */
  shearRange: v.optional(number(0), 0),
  /** z means [1 - z, 1 + z]; below 1 magnifies. Both axes are drawn on their own. */
  zoomRange: v.optional(zoom, 0),
  horizontalFlip: v.optional(v.boolean(), false),
  verticalFlip: v.optional(v.boolean(), false),
  /** What lies outside of an image. */
  fillMode: v.optional(v.picklist(fillModes), 'nearest'),
  /** The value outside with fillMode "constant", before rescale. */
  cval: v.optional(finite, 0),
  /** 0 nearest neighbour, 1 bilinear. */
  interpolationOrder: v.optional(v.picklist([0, 1]), 1),
  /** Multiplies what has been warped. */
  rescale: v.optional(finite),
  /** `keras`: today's Keras, whose shifts are swapped and whose images turn about the other axis' middle. */
  compat: v.optional(v.picklist(['corrected', 'keras']), 'corrected'),
});

/** Keras' ImageDataGenerator arguments as plain JSON. */
export type AugmentationConfig = v.InferInput<typeof schema>;

/** The same, filled in and turned into what a shader is told. */
export interface Augmentation {
  rotationRange: number;
  /** Pixels, down. */
  heightShift: number;
  /** Pixels, to the right. */
  widthShift: number;
  shearRange: number;
  zoomRange: readonly [number, number];
  horizontalFlip: boolean;
  verticalFlip: boolean;
  fillMode: FillMode;
  cval: number;
  interpolationOrder: 0 | 1;
  rescale: number;
  compat: 'corrected' | 'keras';
}

/**
 * Checks an augmentation and fills it in for images of a shape.
 *
 * @param imageShape [height, width, channels].
 * @throws ConfigurationError with the option, what was found, what was wanted, the nearest known name.
 */
export function parseAugmentation(config: unknown, imageShape: readonly number[]): Augmentation {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new ConfigurationError({
      what: 'The augmentation makes no sense',
      found: config,
      wanted: 'an object of options',
      fix: `use some of ${Object.keys(schema.entries).join(', ')}`,
    });
  }
  const { heightShiftRange, widthShiftRange, zoomRange, rescale = 1, ...rest } = parse(schema, config, 'augmentation');
  const [height, width] = imageShape as [number, number];
  const [low, high] = typeof zoomRange === 'number' ? [1 - zoomRange, 1 + zoomRange] : zoomRange;
  if (!(low <= high)) {
    throw new ConfigurationError({
      what: 'augmentation: zoomRange is the wrong way round',
      found: zoomRange,
      wanted: '[low, high] with low <= high',
    });
  }
  return {
    ...rest,
    heightShift: heightShiftRange < 1 ? heightShiftRange * height : heightShiftRange,
    widthShift: widthShiftRange < 1 ? widthShiftRange * width : widthShiftRange,
    zoomRange: [low, high],
    rescale,
  };
}

/** Nothing moves: a warp with it gives every pixel back as it was. */
export function isIdentity(a: Augmentation): boolean {
  const still = a.rotationRange === 0 && a.heightShift === 0 && a.widthShift === 0 && a.shearRange === 0;
  return still && a.zoomRange.every((z) => z === 1) && !a.horizontalFlip && !a.verticalFlip;
}
