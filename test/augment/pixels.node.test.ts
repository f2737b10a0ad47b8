import { describe, expect, test } from 'vitest';
import { parseAugmentation } from '../../src/augment/pipeline.ts';
import { ConfigurationError } from '../../src/errors.ts';
import type { Fields } from '../../src/reference/augment_color.ts';
import { normal, type PixelOptions, pixelOps } from '../../src/reference/augment_pixels.ts';
import { drawErasing } from '../../src/reference/op_draws.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import fixture from '../fixtures/torchvision_pixels.json';

const images = fixture.images as Record<string, { height: number; width: number; channels: number; bytes: number[] }>;

describe('the twins of the pixel ops match torchvision', () => {
  expect(fixture.cases).toHaveLength(10);
  test.each(
    fixture.cases.map((c) => [`${c.op} ${JSON.stringify({ ...c.fields, ...c.options })} of ${c.image}`, c] as const),
  )('%s', (_, { op, image, fields, options, expected }) => {
    const { bytes, ...picture } = images[image]!;
    const y = pixelOps[op]!(bytes, picture, fields as Fields, options as PixelOptions);
    // torchvision computes its kernels in float32.
    expectWithin('y', y, expected, 1e-5 * 255);
  });
});

test.each(fixture.quantiles as [number, number][])('the normal quantile at %d matches SciPy', (u, quantile) => {
  expectWithin('quantile', [normal(u)], [quantile], 1e-6 * Math.max(1, Math.abs(quantile)));
});

test.each(fixture.erasing)("rectangles of $height x $width have torchvision's distribution", (theirs) => {
  const { height, width, scale, ratio, draws, mean, deviation, nothing } = theirs;
  const n = 4000;
  const drawn = Array.from({ length: n }, (_, sample) =>
    drawErasing({ seed: 1, epoch: 0, sample }, 4, { height, width }, scale as never, ratio as never),
  );
  const standardErrors = 5;
  for (const name of ['top', 'left', 'height', 'width'] as const) {
    const ours = drawn.reduce((sum, rectangle) => sum + rectangle[name], 0) / n;
    const error = deviation[name] * Math.sqrt(1 / n + 1 / draws);
    expectWithin(name, [ours], [mean[name]], standardErrors * error);
  }
  const share = drawn.filter((rectangle) => rectangle.height === 0).length / n;
  expectWithin('nothing', [share], [nothing], standardErrors * Math.sqrt((nothing * (1 - nothing)) / n));
});

const rgb = [9, 7, 3];
const gray = [9, 7, 1];
const compile = (op: object, imageShape = rgb) => parseAugmentation([op], imageShape).ops[0]!;
const drawsOf = (op: object, imageShape?: number[]) =>
  Object.fromEntries(compile(op, imageShape).fields.map(({ name, draw }) => [name, draw]));
const constant = (value: number) => ({ from: 'constant', value });
const noise = { from: 'integer', low: 0, high: 2 ** 24 - 1 };

test.each<[object, object]>([
  [{ type: 'gaussianBlur', kernelSize: 3 }, { sigma: { from: 'uniform', low: 0.1, high: 2 } }],
  [{ type: 'gaussianNoise' }, { mean: constant(0), sigma: constant(0.1), noise }],
  [
    { type: 'saltAndPepper', amount: [0.1, 0.2] },
    { amount: { from: 'uniform', low: 0.1, high: 0.2 }, saltVsPepper: constant(0.5), noise },
  ],
  [
    { type: 'cutout', size: 5, value: 'random' },
    {
      top: { from: 'integer', low: -2, high: 6 },
      left: { from: 'integer', low: -2, high: 4 },
      height: constant(5),
      width: constant(5),
      noise,
    },
  ],
])('%j samples these fields', (op, drawn) => {
  expect(drawsOf(op)).toEqual(drawn);
});

test.each<[string, object, number[], ...RegExp[]]>([
  ['an even kernel', { type: 'gaussianBlur', kernelSize: 4 }, rgb, /kernelSize/, /found: 4/, /an odd number/],
  ['a kernel of nothing', { type: 'gaussianBlur', kernelSize: [3, 0] }, rgb, /kernelSize/, /an odd number/],
  ['a kernel of three', { type: 'gaussianBlur', kernelSize: [3, 3, 3] }, rgb, /kernelSize/, /\[width, height\]/],
  ['a kernel left out', { type: 'gaussianBlur' }, rgb, /lacks kernelSize/],
  [
    'a kernel wider than the mirrored image',
    { type: 'gaussianBlur', kernelSize: 15 },
    rgb,
    /kernelSize/,
    /at most \[13, 17\]/,
  ],
  ['a sigma of nothing', { type: 'gaussianBlur', kernelSize: 3, sigma: 0 }, rgb, /sigma/, /found: 0/, />= 0.01/],
  ['sigmas the wrong way round', { type: 'gaussianBlur', kernelSize: 3, sigma: [2, 1] }, rgb, /sigma/, /low <= high/],
  ['a negative sigma', { type: 'gaussianNoise', sigma: -1 }, rgb, /sigma/, /found: -1/, /a number >= 0/],
  ['a mean that is no number', { type: 'gaussianNoise', mean: Number.NaN }, rgb, /mean/, /finite/],
  ['a clip that is a number', { type: 'gaussianNoise', clip: 1 }, rgb, /clip/, /a boolean/],
  ['more than all pixels', { type: 'saltAndPepper', amount: 1.5 }, rgb, /amount/, /from 0 to 1/],
  ['amounts the wrong way round', { type: 'saltAndPepper', amount: [0.2, 0.1] }, rgb, /amount/, /low <= high/],
  ['a share of salt below 0', { type: 'saltAndPepper', saltVsPepper: -0.1 }, rgb, /saltVsPepper/, /from 0 to 1/],
  ['an area above 1', { type: 'randomErasing', scale: [0.1, 1.1] }, rgb, /scale/, /high <= 1/],
  [
    'areas the wrong way round',
    { type: 'randomErasing', scale: [0.3, 0.1] },
    rgb,
    /scale/,
    /\[0\.3,0\.1\]/,
    /low <= high/,
  ],
  ['an aspect of nothing', { type: 'randomErasing', ratio: [0, 1] }, rgb, /ratio/, /low >= 0.001/],
  ['an unknown value', { type: 'randomErasing', value: 'noise' }, rgb, /value/, /found: "noise"/, /"random"/],
  [
    'two gray levels for three channels',
    { type: 'randomErasing', value: [1, 2] },
    rgb,
    /value/,
    /2 gray levels/,
    /or 3 for 3/,
  ],
  [
    'three gray levels for one channel',
    { type: 'cutout', size: 3, value: [1, 2, 3] },
    gray,
    /3 gray levels/,
    /the only channel/,
  ],
  ['a probability above 1', { type: 'randomErasing', p: 2 }, rgb, /p is invalid/, /from 0 to 1/],
  ['a square of nothing', { type: 'cutout', size: 0 }, rgb, /size/, /found: 0/, /integer >= 1/],
  ['a square and a half', { type: 'cutout', size: 1.5 }, rgb, /size/, /an integer/],
  [
    'a square larger than the image',
    { type: 'cutout', size: 8 },
    rgb,
    /size/,
    /found: 8/,
    /at most 7, for images of 9 x 7/,
  ],
  ['units left out', { type: 'gridMask' }, rgb, /lacks d/],
  ['units of one pixel', { type: 'gridMask', d: 1 }, rgb, /d is invalid/, /from 2/],
  ['units larger than the image', { type: 'gridMask', d: [4, 12] }, rgb, /at most 9/],
  ['units the wrong way round', { type: 'gridMask', d: [6, 4] }, rgb, /low <= high/],
  [
    'a ratio of everything',
    { type: 'gridMask', d: 4, ratio: 1 },
    rgb,
    /ratio/,
    /found: 1/,
    /from 0 to 1 \(ends excluded\)/,
  ],
  ['noise behind a grid', { type: 'gridMask', d: 4, value: 'random' }, rgb, /value/, /a gray level, or one for each/],
])('rejected: %s', (_, op, imageShape, ...words) => {
  const call = () => compile(op, imageShape);
  expect(call).toThrow(ConfigurationError);
  for (const word of words) expect(call).toThrow(word);
});
