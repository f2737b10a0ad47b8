import * as v from 'valibot';
import { number, parse } from '../check.ts';
import { ConfigurationError } from '../errors.ts';
import { describeOptions, type Limits, type OptionFacts } from '../options.ts';
import { augmentationError } from './augmentation_error.ts';

const finite = v.pipe(v.number('a finite number'), v.finite('a finite number'));
/** A valibot union would report only one of the two alternatives in its error. */
const zoom = v.pipe(
  v.custom<number | readonly [number, number]>(
    (value) =>
      typeof value === 'number'
        ? value >= 0 && value <= 1
        : Array.isArray(value) && value.length === 2 && value.every((z) => Number.isFinite(z) && z > 0),
    'a number from 0 to 1, or a pair [low, high] of positive numbers',
  ),
  v.metadata({ kind: 'numberOrRange', least: 0, most: Infinity } satisfies Limits),
);
const shift = v.pipe(
  v.custom<number | readonly number[]>(
    (value) =>
      typeof value === 'number'
        ? Number.isFinite(value) && value >= 0
        : Array.isArray(value) && value.length > 0 && value.every(Number.isFinite),
    'a number >= 0, or a list of numbers',
  ),
  v.metadata({ kind: 'numberOrList', least: 0, most: Infinity } satisfies Limits),
);
const brightness = v.pipe(
  v.custom<readonly [number, number]>(
    (value) => Array.isArray(value) && value.length === 2 && value.every((b) => Number.isFinite(b) && b >= 0),
    'a pair [low, high] of numbers >= 0',
  ),
  v.metadata({ kind: 'range', least: 0, most: Infinity } satisfies Limits),
);
const flag = v.optional(v.boolean(), false);

export const kerasFillModes = ['constant', 'nearest', 'reflect', 'wrap'] as const;

export const compatModes = ['corrected', 'keras', 'keras-preprocessing-1.1'] as const;
export type Compat = (typeof compatModes)[number];

/** Validates the arguments; generator_options.ts documents each of them. */
export const generatorSchema = v.strictObject({
  rotationRange: v.optional(number(0), 0),
  widthShiftRange: v.optional(shift, 0),
  heightShiftRange: v.optional(shift, 0),
  brightnessRange: v.optional(v.nullable(brightness), null),
  shearRange: v.optional(number(0), 0),
  zoomRange: v.optional(zoom, 0),
  channelShiftRange: v.optional(number(0), 0),
  fillMode: v.optional(v.picklist(kerasFillModes), 'nearest'),
  cval: v.optional(finite, 0),
  interpolationOrder: v.optional(v.picklist([0, 1]), 1),
  horizontalFlip: flag,
  verticalFlip: flag,
  preprocessingFunction: v.optional(v.nullable(v.string()), null),
  rescale: v.optional(v.nullable(finite)),
  samplewiseCenter: flag,
  samplewiseStdNormalization: flag,
  featurewiseCenter: flag,
  featurewiseStdNormalization: flag,
  zcaWhitening: flag,
  zcaEpsilon: v.optional(number(0), 1e-6),
  validationSplit: v.optional(number(0, 1), 0),
  subset: v.optional(v.nullable(v.picklist(['training', 'validation'])), null),
  compat: v.optional(v.picklist(compatModes), 'corrected'),
});

/** Describes the arguments for a form. */
export const generatorOptions = (): OptionFacts[] => describeOptions(generatorSchema);

export type FilledGenerator = Omit<v.InferOutput<typeof generatorSchema>, 'zoomRange' | 'rescale'> & {
  zoomRange: readonly [number, number];
  rescale: number;
};

/** Statistics of the training images after `rescale`, computed by `fit`: plain JSON except for the matrix. */
export interface FeatureStatistics {
  /** Mean of each channel over all images, rows and columns. */
  mean: number[];
  /** Standard deviation of each channel, or of each pixel, in the layout of `mean`. */
  std: number[];
  /** Whitening matrix, [features, features], for flattened images; set if zcaWhitening is on. */
  zca?: Float32Array;
}

/** Validates the arguments, fills in defaults, and turns on options that other options require (Keras warns and does the same). */
export function fillGenerator(config: unknown, rescaleByDefault = 1): FilledGenerator {
  if (typeof config !== 'object' || config === null) {
    throw new ConfigurationError({
      what: 'The augmentation is invalid',
      found: config,
      expected: 'an object of options, or a list of ops',
      fix: `use some of ${Object.keys(generatorSchema.entries).join(', ')}`,
    });
  }
  const options = parse(generatorSchema, config, 'augmentation');
  if (options.brightnessRange) requireOrder('brightnessRange', options.brightnessRange);
  if (options.subset && options.validationSplit === 0) {
    throw augmentationError({
      what: 'subset needs a validationSplit',
      found: { subset: options.subset },
      fix: 'add a validationSplit, such as 0.2',
      place: ['subset'],
    });
  }
  const { zcaWhitening, featurewiseStdNormalization, samplewiseStdNormalization } = options;
  return {
    ...options,
    rescale: options.rescale ?? rescaleByDefault,
    zoomRange: zoomOf(options.zoomRange),
    featurewiseCenter: options.featurewiseCenter || featurewiseStdNormalization || zcaWhitening,
    featurewiseStdNormalization: featurewiseStdNormalization && !zcaWhitening,
    samplewiseCenter: options.samplewiseCenter || samplewiseStdNormalization,
  };
}

/** Whether the generator needs statistics of the training images. */
export const needsStatistics = (g: FilledGenerator): boolean => g.featurewiseCenter;

function zoomOf(range: number | readonly [number, number]): readonly [number, number] {
  if (typeof range === 'number') return [1 - range, 1 + range];
  requireOrder('zoomRange', range);
  return range;
}

function requireOrder(name: string, range: readonly [number, number]): void {
  if (range[0] <= range[1]) return;
  throw augmentationError({
    what: `${name} has its bounds in the wrong order`,
    found: range,
    expected: '[low, high] with low <= high',
    place: [name],
  });
}
