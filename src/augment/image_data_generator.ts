import * as v from 'valibot';
import mapSource from '../../shaders/augment/image_data_generator.wgsl?raw';
import { number, parse } from '../check.ts';
import { ConfigurationError } from '../errors.ts';
import type { Draw, Field, Op, Picture } from './op.ts';
import { rescaleOp } from './ops/rescale.ts';

const finite = v.pipe(v.number('a finite number'), v.finite('a finite number'));
/** valibot's union would tell of one of the two only. */
const zoom = v.custom<number | readonly [number, number]>(
  (value) =>
    typeof value === 'number'
      ? value >= 0 && value <= 1
      : Array.isArray(value) && value.length === 2 && value.every((z) => Number.isFinite(z) && z > 0),
  'a number from 0 to 1, or a pair [low, high] of positive numbers',
);

export const kerasFillModes = ['constant', 'nearest', 'reflect', 'wrap'] as const;

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
  fillMode: v.optional(v.picklist(kerasFillModes), 'nearest'),
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
export type ImageDataGeneratorConfig = v.InferInput<typeof schema>;

/** How the shader calls each way to be compatible. */
export const compatModes = ['corrected', 'keras'] as const;
export type Compat = (typeof compatModes)[number];

/** ImageDataGenerator as ops for images of a shape. @throws ConfigurationError as `parseAugmentation` does. */
export function compileImageDataGenerator(config: unknown, picture: Picture, rescaleByDefault: number): Op[] {
  const options = parseConfig(config);
  const { compat, fillMode, cval, interpolationOrder, rescale = rescaleByDefault } = options;
  const [zoomLow, zoomHigh] = zoomOf(options.zoomRange);
  const around = (range: number): Draw => between(-range, range);
  const shift = (range: number, size: number) => around(range < 1 ? range * size : range);
  const flip = (wanted: boolean): Draw => (wanted ? { from: 'chance', p: 0.5 } : { from: 'constant', value: 0 });
  const fields: Field[] = [
    { name: 'theta', draw: around(options.rotationRange) },
    { name: 'tx', draw: shift(options.heightShiftRange, picture.height) },
    { name: 'ty', draw: shift(options.widthShiftRange, picture.width) },
    { name: 'shear', draw: around(options.shearRange) },
    { name: 'zx', draw: between(zoomLow, zoomHigh), identity: 1 },
    { name: 'zy', draw: between(zoomLow, zoomHigh), identity: 1 },
    { name: 'flipHorizontal', draw: flip(options.horizontalFlip), as: 'boolean' },
    { name: 'flipVertical', draw: flip(options.verticalFlip), as: 'boolean' },
  ];
  const generator: Op = {
    type: 'imageDataGenerator',
    code: 0,
    p: 1,
    fields,
    steps: [
      {
        kind: 'map',
        call: 'image_data_generator',
        args: [`${compatModes.indexOf(compat)}u`],
        sampling: { fillMode, cval, interpolationOrder },
      },
    ],
    drawSources: [mapSource],
  };
  return rescale === 1 ? [generator] : [generator, rescaleOp(rescale)];
}

function parseConfig(config: unknown): v.InferOutput<typeof schema> {
  if (typeof config !== 'object' || config === null) {
    throw new ConfigurationError({
      what: 'The augmentation makes no sense',
      found: config,
      wanted: 'an object of options, or a list of ops',
      fix: `use some of ${Object.keys(schema.entries).join(', ')}`,
    });
  }
  return parse(schema, config, 'augmentation');
}

function zoomOf(range: number | readonly [number, number]): readonly [number, number] {
  const [low, high] = typeof range === 'number' ? [1 - range, 1 + range] : range;
  if (low <= high) return [low, high];
  throw new ConfigurationError({
    what: 'augmentation: zoomRange is the wrong way round',
    found: range,
    wanted: '[low, high] with low <= high',
  });
}

/** A range of one number needs no draw. */
function between(low: number, high: number): Draw {
  return low === high ? { from: 'constant', value: low + 0 } : { from: 'uniform', low, high }; // + 0: -0 is 0
}
