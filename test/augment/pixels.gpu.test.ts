import { afterAll, describe, expect, test } from 'vitest';
import { createAugmenter } from '../../src/augment/augmenter.ts';
import type { Picture } from '../../src/augment/op.ts';
import type { OpParameters, PipelineParameters } from '../../src/augment/parameters.ts';
import { type OpConfig, parseAugmentation } from '../../src/augment/pipeline.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import type { Fields } from '../../src/reference/augment_color.ts';
import { type PixelOptions, pixelOps } from '../../src/reference/augment_pixels.ts';
import { drawErasing, drawGridMask } from '../../src/reference/op_draws.ts';
import { expectSame, expectWithin } from '../../src/selftest/compare.ts';
import { unitRoundoff } from '../../src/selftest/tolerance.ts';
import { expectDrawn, expectIndependent } from './distribution.ts';

const gpu: Gpu = await openGpu({ defaultLimitsOnly: true });
afterAll(() => gpu.dispose());

const someBytes = (length: number) => Uint8Array.from({ length }, (_, i) => ((i * 7919) ^ (i >> 3)) % 256);
const shapeOf = (s: Picture) => [s.height, s.width, s.channels] as [number, number, number];
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

/** Options of each op for this number of channels, with every variant of each option at least once. */
const pipelines: Record<number, OpConfig[]> = {
  1: [
    { type: 'gaussianBlur', kernelSize: 5 },
    { type: 'gaussianNoise' },
    { type: 'saltAndPepper', amount: [0.1, 0.3] },
    { type: 'randomErasing', value: 'random' },
    { type: 'cutout', size: 5, value: 7 },
    { type: 'gridMask', d: [3, 6], value: [9] },
  ],
  3: [
    { type: 'gaussianBlur', kernelSize: [7, 3], sigma: [0.5, 1.5] },
    { type: 'gaussianNoise', sigma: [0.05, 0.2], clip: false },
    { type: 'saltAndPepper', amount: 0.2, saltVsPepper: [0.3, 0.6] },
    { type: 'randomErasing', value: [1, 2, 3], p: 1 },
    { type: 'cutout', size: 6, value: 'random' },
    { type: 'gridMask', d: [3, 7], ratio: 0.4, value: [4, 5.5, 6] },
  ],
  5: [
    { type: 'gaussianBlur', kernelSize: [1, 3] },
    { type: 'gaussianNoise', mean: 0.1 },
    { type: 'saltAndPepper' },
    { type: 'randomErasing', value: [1, 2, 3, 4, 5] },
    { type: 'cutout', size: 1, value: 'random' },
    { type: 'gridMask', d: 3, value: [1, 2, 3, 4, 5] },
  ],
};
const cases: OpParameters[] = [
  { type: 'gaussianBlur', sigma: 0.1 },
  { type: 'gaussianBlur', sigma: 1.7 },
  { type: 'gaussianNoise', mean: 0.1, sigma: 0.3, noise: 0 },
  { type: 'gaussianNoise', sigma: 0.1, noise: 2 ** 24 - 1 },
  { type: 'saltAndPepper', amount: 0.3, saltVsPepper: 0.25, noise: 5 },
  { type: 'saltAndPepper', amount: 1, saltVsPepper: 0.5, noise: 5 },
  { type: 'randomErasing', top: 2, left: 3, height: 4, width: 5, noise: 77 },
  { type: 'randomErasing', top: 0, left: 9, height: 12, width: 1, noise: 78 },
  { type: 'cutout', top: -2, left: 7, height: 5, width: 5, noise: 77 },
  { type: 'gridMask', d: 4, kept: 1, offsetX: 3, offsetY: 2 },
  { type: 'gridMask', d: 7, kept: 5, offsetX: 0, offsetY: 6 },
];

const roundings = (n: number, largest = 255) => n * 2 * unitRoundoff * largest;
const boundOf: Record<string, number> = {
  // exp has an error of 3 + 2|x| ulp, with x down to -9 / 2 sigma^2 until a weight is negligible; 7 and 3 weights and their sums.
  gaussianBlur: roundings(64),
  // The polynomials have a slope of 0.25 in the log, whose error is up to 2^-21 or 3 ulp of 17; sigma is up to 0.3, normal numbers
  // up to 6.
  gaussianNoise: 255 * 0.3 * 6 * 2 ** -18 + roundings(16),
  randomErasing: roundings(2),
  cutout: roundings(2),
};

describe.each([1, 3, 5])('%d channels: the results match the twins', (channels) => {
  const s: Picture = { height: 12, width: 10, channels };
  const augmentation = pipelines[channels]!;
  const image = someBytes(120 * channels);
  const images = Uint8Array.from({ length: cases.length * image.length }, (_, i) => image[i % image.length]!);
  const made = createAugmenter(gpu, { imageShape: shapeOf(s), augmentation }).apply(
    images,
    cases.map((op) => ({ ops: [op] })),
  );

  test.each(cases.map((op, i) => [JSON.stringify(op), op, i] as const))('%s', async (_, { type, ...fields }, i) => {
    const y = (await made).subarray(i * image.length, (i + 1) * image.length);
    const options = augmentation.find((op) => op.type === type) as PixelOptions;
    const expected = pixelOps[type]!(image, s, fields as Fields, options);
    expectWithin('y', y, expected, boundOf[type] ?? 0);
    if (fields.sigma !== 0.1 || type !== 'gaussianBlur') expect(y).not.toEqual(Float32Array.from(image));
  });
});

test('the sampled parameters reproduce the image and its noise; another epoch has other noise', async () => {
  const s: Picture = { height: 12, width: 10, channels: 3 };
  const augmenter = createAugmenter(gpu, { imageShape: shapeOf(s), augmentation: pipelines[3]!, seed: 8 });
  const images = someBytes(4 * 360);
  const samples = upTo(4);
  const drawn = await augmenter.draw({ epoch: 2, samples });
  const y = await augmenter.apply(images, { epoch: 2, samples });
  expectSame('y', await augmenter.apply(images, JSON.parse(JSON.stringify(drawn))), y);
  expect(await augmenter.apply(images, { epoch: 3, samples })).not.toEqual(y);
});

describe('the noise of a large image', () => {
  const s: Picture = { height: 200, width: 250, channels: 3 };
  const n = 150_000;
  const augmentation: OpConfig[] = [
    { type: 'gaussianNoise', clip: false },
    { type: 'saltAndPepper' },
    { type: 'cutout', size: 200, value: 'random' },
  ];
  const augmenter = createAugmenter(gpu, { imageShape: shapeOf(s), augmentation });
  const make = (op: OpParameters) => augmenter.apply(new Uint8Array(n).fill(100), [{ ops: [op] }]);
  const channelsOf = (y: Float32Array) => upTo(3).map((c) => y.filter((_, i) => i % 3 === c));

  test('is normally distributed: mean, variance, skewness, kurtosis, tails; channels and neighbors are independent', async () => {
    const z = (await make({ type: 'gaussianNoise', sigma: 0.2, noise: 123456 })).map((value) => (value - 100) / 51);
    const moment = (power: number) => z.reduce((sum, value) => sum + value ** power, 0) / n;
    // The variance of z^k is (2k - 1)!! - ((k - 1)!!)^2.
    expectWithin('mean', [moment(1)], [0], 5 * Math.sqrt(1 / n));
    expectWithin('variance', [moment(2)], [1], 5 * Math.sqrt(2 / n));
    expectWithin('skewness', [moment(3)], [0], 5 * Math.sqrt(15 / n));
    expectWithin('kurtosis', [moment(4)], [3], 5 * Math.sqrt(96 / n));
    const beyond = z.filter((value) => Math.abs(value) > 3).length / n;
    expectWithin('beyond 3 sigma', [beyond], [0.0026998], 5 * Math.sqrt(0.0027 / n));
    const [red, green, blue] = channelsOf(z) as [Float32Array, Float32Array, Float32Array];
    expectIndependent({ red, green, blue });
    const right = red.map((_, i) => red[(i + 1) % red.length]!);
    const below = red.map((_, i) => red[(i + s.width) % red.length]!);
    expectIndependent({ red, right, below });
    const other = (await make({ type: 'gaussianNoise', sigma: 0.2, noise: 123457 })).map((value) => (value - 100) / 51);
    expectIndependent({ noise: z, other });
  });

  test('salt and pepper replace whole pixels, as many as the option says', async () => {
    const y = await make({ type: 'saltAndPepper', amount: 0.2, saltVsPepper: 0.3, noise: 9 });
    const [red, green, blue] = channelsOf(y) as [Float32Array, Float32Array, Float32Array];
    expectSame('green', green, red);
    expectSame('blue', blue, red);
    expectDrawn(
      'hit',
      red.map((value) => Number(value !== 100)),
      { from: 'chance', p: 0.2 },
    );
    const hit = red.filter((value) => value !== 100);
    expect(hit.every((value) => value === 0 || value === 255)).toBe(true);
    expectDrawn(
      'salt',
      hit.map((value) => value / 255),
      { from: 'chance', p: 0.3 },
    );
  });

  test('random replacements in a rectangle are uniform from 0 to 255', async () => {
    const y = await make({ type: 'cutout', top: 0, left: 0, height: 200, width: 250, noise: 31 });
    expectDrawn('gray level', y, { from: 'uniform', low: 0, high: 255 });
    const [red, green, blue] = channelsOf(y) as [Float32Array, Float32Array, Float32Array];
    expectIndependent({ red, green, blue });
  });
});

describe('100,000 samples', () => {
  const n = 100_000;
  const seed = 2;
  const imageShape: [number, number, number] = [12, 10, 3];
  const pipeline = parseAugmentation(pipelines[3], imageShape);
  const drawn = createAugmenter(gpu, { imageShape, augmentation: pipelines[3]!, seed }).draw({
    epoch: 0,
    samples: upTo(n),
  }) as Promise<PipelineParameters[]>;
  const column = async (op: number, field: string) =>
    Float64Array.from(await drawn, ({ ops }) => Number(ops[op]![field]));
  const fields = pipeline.ops.flatMap(({ type, fields }, op) =>
    fields
      .filter(({ draw }) => draw && draw.from !== 'constant')
      .map(({ name, draw }) => ({ type, op, name, draw: draw! })),
  );
  const opOf = (type: string) => pipeline.ops.findIndex((op) => op.type === type);

  test.each(fields)('$name of $type', async ({ op, name, draw }) => {
    const values = await column(op, name);
    // The noise has as many values as there are numbers, so fractions of 2^24 are examined instead.
    if (name !== 'noise') expectDrawn(name, values, draw);
    else
      expectDrawn(
        name,
        values.map((value) => value / 2 ** 24),
        { from: 'uniform', low: 0, high: 1 },
      );
  });

  test('grid units, the fraction that is kept, and their offsets', async () => {
    const op = opOf('gridMask');
    expectDrawn('d', await column(op, 'd'), { from: 'integer', low: 3, high: 7 });
    const all = (await drawn).map(
      ({ ops }) => ops[op]! as unknown as Record<'d' | 'kept' | 'offsetX' | 'offsetY', number>,
    );
    for (const d of [3, 4, 5, 6, 7]) {
      const of = all.filter((p) => p.d === d);
      expect(of.every(({ kept }) => kept === Math.ceil(d * 0.4))).toBe(true);
      expectDrawn(
        'offsetX',
        of.map(({ offsetX }) => offsetX),
        { from: 'integer', low: 0, high: d - 1 },
      );
      expectDrawn(
        'offsetY',
        of.map(({ offsetY }) => offsetY),
        { from: 'integer', low: 0, high: d - 1 },
      );
    }
  });

  test('they are independent of each other', async () => {
    const names = [
      ...fields,
      ...['d', 'offsetX', 'offsetY'].map((name) => ({ type: 'gridMask', op: opOf('gridMask'), name })),
    ];
    const independent = names.filter(({ type, name }) => type !== 'gridMask' || name === 'd');
    const columns = await Promise.all(
      independent.map(async ({ op, type, name }) => [`${type}.${name}`, await column(op, name)] as const),
    );
    expectIndependent(Object.fromEntries(columns));
  });

  test('rectangles and grids match the twin', async () => {
    const all = await drawn;
    const [erasing, grid] = ['randomErasing', 'gridMask'].map(opOf) as [number, number];
    let compared = 0;
    for (let sample = 0; sample < 400; sample++) {
      const key = { seed, epoch: 0, sample };
      const purposeOf = (op: number) => pipeline.ops[op]!.purpose + pipeline.ops[op]!.fields.length;
      const { ops } = all[sample]!;
      expect(ops[grid]).toMatchObject(drawGridMask(key, purposeOf(grid), [3, 7], 0.4));
      const { sizes, ...rectangle } = drawErasing(key, purposeOf(erasing), pipeline.from, [0.02, 0.33], [0.3, 3.3]);
      if (sizes.some((size) => Math.abs(size - Math.floor(size) - 0.5) < 1e-4)) continue;
      expect(ops[erasing]).toMatchObject(rectangle);
      compared++;
    }
    expect(compared).toBeGreaterThan(390);
  });

  test('rectangles are within the image', async () => {
    const [height, width] = imageShape;
    for (const { ops } of await drawn) {
      const p = ops[opOf('randomErasing')]! as unknown as Record<'top' | 'left' | 'height' | 'width', number>;
      if (!(p.top >= 0 && p.left >= 0 && p.top + p.height <= height && p.left + p.width <= width))
        throw new Error(JSON.stringify(p));
      if (!(p.height < height && p.width < width)) throw new Error(JSON.stringify(p));
    }
  });
});
