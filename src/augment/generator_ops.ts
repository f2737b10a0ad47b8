import brightnessSource from '../../shaders/augment/brightness.wgsl?raw';
import brightnessBytesSource from '../../shaders/augment/brightness_bytes.wgsl?raw';
import channelShiftSource from '../../shaders/augment/channel_shift.wgsl?raw';
import featurewiseSource from '../../shaders/augment/featurewise.wgsl?raw';
import mapSource from '../../shaders/augment/image_data_generator.wgsl?raw';
import preprocessSource from '../../shaders/augment/preprocess.wgsl?raw';
import samplewiseSource from '../../shaders/augment/samplewise.wgsl?raw';
import statisticsSource from '../../shaders/lib/image_statistics.wgsl?raw';
import { augmentationError } from './augmentation_error.ts';
import type { ImageDataGeneratorConfig } from './generator_options.ts';
import { compatModes, type FeatureStatistics, type FilledGenerator, needsStatistics } from './image_data_generator.ts';
import type { KerasRanges } from './keras_draws.ts';
import type { Draw, Field, Op, Picture, PixelStep } from './op.ts';
import { rescaleOp } from './ops/rescale.ts';

/** ImageDataGenerator's ops in Keras' order: warp, channel shift, flips, brightness, then the ops that decode every image. */
export function generatorOps(g: FilledGenerator, picture: Picture, statistics?: FeatureStatistics): Op[] {
  const ops = [warp(g, picture), channelShift(g), brightness(g, picture)];
  if (g.preprocessingFunction !== null) ops.push(preprocessing(g.preprocessingFunction, picture));
  if (g.rescale !== 1) ops.push(rescaleOp(g.rescale));
  if (g.samplewiseCenter) ops.push(samplewise(g));
  if (needsStatistics(g)) ops.push(...featurewise(g, picture, statistics));
  return ops;
}

/** Keras' affine warp. It includes the flips because they commute with the channel shift in between. */
function warp(g: FilledGenerator, { height, width }: Picture): Op {
  const { compat, fillMode, cval, interpolationOrder } = g;
  const around = (range: number): Draw => between(-range, range);
  const flip = (expected: boolean): Draw => (expected ? { from: 'chance', p: 0.5 } : constant(0));
  const fields: Field[] = [
    { name: 'theta', draw: around(g.rotationRange) },
    { name: 'tx', draw: shiftDraw(g.heightShiftRange, height) },
    { name: 'ty', draw: shiftDraw(g.widthShiftRange, width) },
    { name: 'shear', draw: around(g.shearRange) },
    { name: 'zx', draw: between(...g.zoomRange), identity: 1 },
    { name: 'zy', draw: between(...g.zoomRange), identity: 1 },
    { name: 'flipHorizontal', draw: flip(g.horizontalFlip), as: 'boolean' },
    { name: 'flipVertical', draw: flip(g.verticalFlip), as: 'boolean' },
  ];
  return {
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
}

const channelShift = (g: FilledGenerator): Op => ({
  type: 'channelShift',
  code: 112,
  p: g.channelShiftRange ? 1 : 0,
  fields: [{ name: 'channelShiftIntensity', draw: between(-g.channelShiftRange, g.channelShiftRange) }],
  steps: [{ kind: 'pixel', call: 'channel_shift', needs: [{ of: 'statistics' }] }],
  pixelSources: [statisticsSource, channelShiftSource],
});

function brightness(g: FilledGenerator, { channels }: Picture): Op {
  const op = {
    type: 'brightness',
    code: 113,
    p: g.brightnessRange ? 1 : 0,
    fields: [{ name: 'brightness', draw: between(...(g.brightnessRange ?? [1, 1])), identity: 1 }],
  };
  if (g.compat === 'corrected') {
    return { ...op, steps: [{ kind: 'pixel', call: 'brighten' }], pixelSources: [brightnessSource] };
  }
  if (g.brightnessRange && ![1, 3, 4].includes(channels)) {
    throw augmentationError({
      what: `brightnessRange with compat "${g.compat}" converts images to 8-bit pictures and back`,
      found: `images of ${channels} channels`,
      expected: '1, 3 or 4 channels, or compat "corrected"',
      place: ['brightnessRange'],
    });
  }
  const old = String(g.compat === 'keras-preprocessing-1.1');
  const lit = channels === 4 ? 'vec4f(1.0, 1.0, 1.0, 0.0)' : 'Pixel(1.0)';
  return {
    ...op,
    // Uses the statistics computed for the channel shift and corrects them for that shift.
    steps: [{ kind: 'pixel', call: 'brighten_bytes', args: [old, lit], needs: [{ of: 'statistics' }], shares: true }],
    pixelSources: [statisticsSource, channelShiftSource, brightnessBytesSource],
  };
}

const always = (step: Omit<PixelStep, 'kind' | 'always'>): PixelStep => ({ kind: 'pixel', always: true, ...step });

function preprocessing(body: string, { channels }: Picture): Op {
  if (channels > 4) {
    throw augmentationError({
      what: 'preprocessingFunction takes a pixel as a vector of at most 4 channels',
      found: `images of ${channels} channels`,
      expected: '1 to 4 channels',
      place: ['preprocessingFunction'],
    });
  }
  if (/\$\{|^\s*#/m.test(body)) {
    throw augmentationError({
      what: "preprocessingFunction contains syntax of wgrad's preprocessor",
      found: body,
      expected: 'WGSL without $ and braces, and without lines that begin with #',
      place: ['preprocessingFunction'],
    });
  }
  return {
    type: 'preprocessing',
    code: 114,
    p: 1,
    fields: [],
    steps: [always({ call: 'preprocess' })],
    pixelSources: [preprocessSource, `\nfn preprocessing_function(pixel: Pixel) -> Pixel {\n${body}\n}\n`],
  };
}

const samplewise = (g: FilledGenerator): Op => ({
  type: 'samplewise',
  code: 115,
  p: 1,
  fields: [],
  steps: [always({ call: 'samplewise', args: [String(g.samplewiseStdNormalization)], needs: [{ of: 'statistics' }] })],
  pixelSources: [statisticsSource, samplewiseSource],
});

/** Subtrahend and divisor are literals because they are known before the shader is compiled. */
function featurewise(g: FilledGenerator, { channels, ...size }: Picture, statistics?: FeatureStatistics): Op[] {
  const numbers = (values: readonly number[]) => values.map((value) => `f32(${value})`).join(', ');
  const list = (values: readonly number[]) =>
    channels > 4 ? `array<f32, ${channels}>(${numbers(values)})[place.channel]` : `Pixel(${numbers(values)})`;
  const mean = statistics?.mean ?? Array(channels).fill(0);
  const divisor = g.featurewiseStdNormalization ? (statistics?.std.map((std) => std + 1e-6) ?? []) : [];
  const op: Op = {
    type: 'featurewise',
    code: 116,
    p: 1,
    fields: [],
    steps: [
      always({
        call: 'featurewise',
        args: [list(mean), list(divisor.length > 0 ? divisor : Array(channels).fill(1))],
      }),
    ],
    pixelSources: [featurewiseSource],
    ...(!statistics && { missing: 'statistics of the training images' }),
  };
  if (!g.zcaWhitening) return [op];
  const features = size.height * size.width * channels;
  const matrix = statistics?.zca;
  const whitening: Op = {
    type: 'zcaWhitening',
    code: 117,
    p: 1,
    fields: [],
    steps: [{ kind: 'matrix', features, matrix: matrix ?? new Float32Array() }],
    ...(!matrix && { missing: 'the principal components of the training images' }),
  };
  return [op, whitening];
}

/** A range that contains a single number needs no sampling. */
function between(low: number, high: number): Draw {
  return low === high ? constant(low) : { from: 'uniform', low, high };
}

// Adding 0 turns -0 into 0.
const constant = (value: number): Draw => ({ from: 'constant', value: value + 0 });

/** Keras' forms of a shift range: a fraction, pixels, an integer number of pixels, or a list. */
function shiftDraw(range: number | readonly number[], size: number): Draw {
  if (typeof range !== 'number') {
    const share = Math.max(...range) < 1 ? size : 1;
    return { from: 'signedChoice', values: range.map((value) => value * share) };
  }
  if (range < 1) return between(-range * size, range * size);
  if (!Number.isInteger(range)) return between(-range, range);
  return range === 1 ? constant(0) : { from: 'signedChoice', values: Array.from({ length: range }, (_, n) => n) };
}

/** Converts the ranges to the form that Keras' own sampling takes. */
export function kerasRangesOf(g: FilledGenerator): KerasRanges {
  const { brightnessRange, ...ranges } = g;
  return { ...ranges, ...(brightnessRange && { brightnessRange }) };
}

/** The arguments that sample at random, without those that decode every image. */
export function randomPart(g: FilledGenerator): ImageDataGeneratorConfig {
  return {
    ...g,
    rescale: null,
    preprocessingFunction: null,
    samplewiseCenter: false,
    samplewiseStdNormalization: false,
    featurewiseCenter: false,
    featurewiseStdNormalization: false,
    zcaWhitening: false,
  };
}
