import { afterAll, describe, expect, test } from 'vitest';
import { createAugmenter } from '../../src/augment/augmenter.ts';
import type { Picture, Sampling } from '../../src/augment/op.ts';
import type { OpParameters, PipelineParameters } from '../../src/augment/parameters.ts';
import { type OpConfig, parseAugmentation } from '../../src/augment/pipeline.ts';
import { planPasses } from '../../src/augment/plan_passes.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { elasticDisplacements, elasticNoise } from '../../src/reference/augment_geometry.ts';
import { expectSame, expectWithin } from '../../src/selftest/compare.ts';
import { applyTwin, samplingOf } from './geometry_twin.ts';

// Compares several ops in one pass, which resamples once, with the same ops in sequence, which resample each time. They are equal
// if nothing is lost in between, as with whole pixels or an image with a constant slope.
const gpu: Gpu = await openGpu({ defaultLimitsOnly: true });
afterAll(() => gpu.dispose());

const picture: Picture = { height: 14, width: 18, channels: 2 };
const elements = 14 * 18 * 2;
const shapeOf = ({ height, width, channels }: Picture): [number, number, number] => [height, width, channels];
const noisy = Float32Array.from({ length: elements }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24);
const even = Float32Array.from({ length: elements }, (_, i) => {
  const [column, row] = [Math.floor(i / 2) % 18, Math.floor(i / 36)];
  return 20 + 6 * column + 3 * row + (i % 2);
});

type Applied = [op: OpConfig, parameters: object];

const sizeAfter = (op: OpConfig, from: Picture) => parseAugmentation([op], shapeOf(from)).to;

/** Applies the ops in sequence. */
function inTurn(ops: Applied[], image: ArrayLike<number>): Float64Array {
  let from = picture;
  let y: Float64Array = Float64Array.from(image);
  for (const [op, parameters] of ops) {
    if (op.type === 'randomInvert') {
      y = y.map((value) => 255 - value);
      continue;
    }
    const to = sizeAfter(op, from);
    y = applyTwin(op.type, op, parameters, y, from, to);
    from = to;
  }
  return y;
}

async function together(ops: Applied[], image: Float32Array, passes = 1): Promise<Float32Array> {
  const augmentation = ops.map(([op]) => op);
  const pipeline = parseAugmentation(augmentation, shapeOf(picture));
  expect(planPasses(pipeline.ops, picture, false)).toHaveLength(passes);
  const augmenter = createAugmenter(gpu, { imageShape: shapeOf(picture), augmentation });
  return augmenter.apply(image, [{ ops: ops.map(([{ type }, p]) => ({ type, ...p }) as OpParameters) }]);
}

// Sixteen roundings of coordinates up to 40 on an image with a slope of 255 per pixel, plus the values' own roundings.
const close = 0.03;

const crop: Applied = [
  { type: 'randomCrop', size: [10, 12] },
  { top: 3, left: 4 },
];
const turn = (options: object = {}): Applied => [
  { type: 'randomRotation', degrees: 90, fill: 50, ...options },
  { angle: 33 },
];
const shift = (options: object = {}): Applied => [
  { type: 'randomAffine', fill: 50, ...options },
  { translateX: 2.25, translateY: -1.5 },
];
const padded = (options: object): Applied => [
  { type: 'randomCrop', size: [16, 17], padding: 4, ...options },
  { top: -3, left: 4 },
];
const flip: Applied = [{ type: 'randomHorizontalFlip' }, {}];
const invert: Applied = [{ type: 'randomInvert' }, {}];

describe('after a crop, its edge is the edge of the image', () => {
  test.each<[string, Applied[]]>([
    ['a soft edge', [crop, turn()]],
    ['a hard edge', [crop, turn({ fillMode: 'constant' })]],
    ['the nearest pixel', [crop, turn({ fillMode: 'nearest' })]],
    ['mirrored, the outermost pixel twice', [crop, turn({ fillMode: 'reflect' })]],
    ['mirrored', [crop, turn({ fillMode: 'mirror' })]],
    ['wrapped', [crop, shift({ fillMode: 'wrap' })]],
    ['copied pixels', [crop, turn({ interpolation: 'nearest' })]],
    ['a flip first', [flip, crop, turn()]],
    ['a flip between', [crop, flip, turn()]],
    ['a border, then a map with the same fill', [padded({ fill: 50 }), turn()]],
    [
      'a border that is mirrored, and so is what the map finds',
      [padded({ paddingMode: 'reflect' }), turn({ fillMode: 'mirror' })],
    ],
    [
      'two crops',
      [
        padded({ fill: 50 }),
        [
          { type: 'randomCrop', size: 9 },
          { top: 1, left: 6 },
        ],
        turn(),
      ],
    ],
  ])('%s', async (_, ops) => {
    expectWithin('y', await together(ops, noisy), inTurn(ops, noisy), close);
  });

  test('a fill mode other than that of the border requires another pass', async () => {
    const ops = [padded({ fill: 200 }), turn()];
    expectWithin('y', await together(ops, noisy, 2), inTurn(ops, noisy), close);
  });
});

describe('a resized crop is resampled once, together with the ops before and after it', () => {
  // Twice as coarse: no pixel lies beyond the center of one of the image's pixels, so that the slope is constant everywhere.
  const coarse: Applied = [
    { type: 'randomResizedCrop', size: [6, 7] },
    { top: 1, left: 2, height: 12, width: 14 },
  ];
  test.each<[string, Applied[]]>([
    ['behind, a soft edge', [coarse, turn()]],
    ['behind, the nearest pixel', [coarse, turn({ fillMode: 'nearest' })]],
    ['behind, a hard edge', [coarse, shift({ fillMode: 'constant' })]],
    ['before', [[shift()[0], { translateX: 0.75, translateY: -0.5 }], coarse]],
    ['before and behind', [flip, coarse, turn()]],
  ])('%s', async (_, ops) => {
    expectWithin('y', await together(ops, even), inTurn(ops, even), close);
  });

  test('flips and crops before or after lose no precision for any image', async () => {
    const fine: Applied = [
      { type: 'randomResizedCrop', size: [20, 15] },
      { top: 2, left: 1, height: 7, width: 9 },
    ];
    for (const ops of [
      [flip, fine],
      [fine, flip],
      [crop, fine],
      [fine, crop],
      [padded({ fill: 9 }), fine],
    ])
      expectWithin('y', await together(ops, noisy), inTurn(ops, noisy), close);
  });
});

describe('pixels that a map samples from outside of the image', () => {
  test('are not changed by the steps before it, even with a soft edge', async () => {
    const ops = [invert, turn()];
    expectWithin('y', await together(ops, noisy), inTurn(ops, noisy), close);
  });

  test('are changed by the steps after it, even if a map that samples nothing from outside follows', async () => {
    for (const ops of [
      [turn(), invert],
      [turn(), invert, flip],
      [invert, turn(), invert],
    ])
      expectWithin('y', await together(ops, noisy), inTurn(ops, noisy), close);
  });
});

test('maps that move whole pixels copy them', async () => {
  const ops: Applied[] = [flip, padded({ paddingMode: 'edge' }), [{ type: 'randomVerticalFlip' }, {}], invert];
  expectSame('y', await together(ops, noisy), inTurn(ops, noisy));
  const { ops: placed } = parseAugmentation(
    ops.map(([op]) => op),
    shapeOf(picture),
  );
  const sampling: Sampling = { fillMode: 'nearest', cval: 0, interpolationOrder: 0 };
  expect(planPasses(placed, picture, false)[0]!.sampling).toEqual(sampling);
});

describe('elasticTransform', () => {
  const options = { type: 'elasticTransform', alpha: [30, 60], sigma: [1.5, 2], fill: 80 } satisfies OpConfig;
  const displacementsOf = (noise: number, { alpha, sigma } = options, size: Picture = picture) =>
    elasticDisplacements(elasticNoise(noise, size), size, alpha as never, sigma as never);

  test.each<[string, object, number]>([
    ['two deviations', {}, 12345],
    ['the largest number', {}, 2 ** 24 - 1],
    ['one deviation, further than the image is large', { alpha: 900, sigma: 7 }, 1],
    ['no smoothing', { alpha: 4, sigma: 0 }, 99],
    ['nearest', { fillMode: 'nearest' }, 7],
    ['a hard edge', { fillMode: 'constant' }, 8],
  ])('|matches the twin: %s', async (_, changes, noise) => {
    const op = { ...options, ...changes };
    const [alpha, sigma] = [op.alpha, op.sigma].map((value) => [value, value].flat().slice(0, 2));
    const displacements = displacementsOf(noise, { ...op, alpha, sigma } as never);
    const expected = applyTwin(op.type, op, { displacements }, noisy, picture, picture);
    expectWithin('y', await together([[op, { noise }]], noisy), expected, close);
  });

  test('displaces the output of the maps before it, and starts a new pass for the maps after it', async () => {
    const noise = 4711;
    const displacements = displacementsOf(noise);
    const elastic: Applied = [{ ...options, fill: 50 }, { noise }];
    const byTwin: Applied = [{ ...options, fill: 50 }, { displacements }];
    const cropped = displacementsOf(noise, options, { height: 10, width: 12, channels: 2 });
    expectWithin(
      'crop, elastic',
      await together([crop, elastic], noisy),
      inTurn([crop, [byTwin[0], { displacements: cropped }]], noisy),
      close,
    );
    expectWithin('flip, elastic', await together([flip, elastic], noisy), inTurn([flip, byTwin], noisy), close);
    expectWithin('elastic, turn', await together([elastic, turn()], noisy, 2), inTurn([byTwin, turn()], noisy), close);
    const twice = await together([elastic, elastic], noisy, 2);
    expectWithin('twice', twice, inTurn([byTwin, byTwin], noisy), close);
  });

  test('displaces each image by its own noise, and not at all if it is not applied', async () => {
    const augmentation = [{ ...options, p: 0.5 }];
    const augmenter = createAugmenter(gpu, { imageShape: shapeOf(picture), augmentation, seed: 5 });
    const samples = [0, 1, 2, 3, 4, 5];
    const drawn = (await augmenter.draw({ epoch: 1, samples })) as PipelineParameters[];
    const images = Float32Array.from(samples.flatMap(() => [...noisy]));
    const y = await augmenter.apply(images, { epoch: 1, samples });
    expectSame('by JSON', await augmenter.apply(images, JSON.parse(JSON.stringify(drawn))), y);
    expect(new Set(drawn.map(({ ops }) => ops[0]!.applied)).size).toBe(2);
    drawn.forEach(({ ops }, i) => {
      const mine = y.subarray(i * elements, (i + 1) * elements);
      const { applied, noise } = ops[0]!;
      const displacements = applied ? displacementsOf(noise as number) : new Float64Array(elements);
      const expected = applyTwin('elasticTransform', options, { displacements }, noisy, picture, picture);
      expectWithin(`noise ${noise}`, mine, expected, close);
    });
  });
});

test('an interpolation order set by one op is also used for the ops that set none', () => {
  expect(samplingOf('randomCrop', { size: 4, padding: 1 }, picture).interpolationOrder).toBe(0);
  const plan = (...ops: OpConfig[]) => planPasses(parseAugmentation(ops, shapeOf(picture)).ops, picture, false);
  const nearest: OpConfig = { type: 'randomRotation', degrees: 5, interpolation: 'nearest' };
  const bordered: OpConfig = { type: 'randomCrop', size: [14, 18], padding: 2 };
  expect(plan(bordered, nearest).map(({ sampling }) => sampling.interpolationOrder)).toEqual([0]);
  expect(plan(bordered, { ...nearest, interpolation: 'bilinear' }).map((p) => p.sampling.interpolationOrder)).toEqual([
    1,
  ]);
  expect(plan(nearest, { ...nearest, interpolation: 'bilinear' })).toHaveLength(2);
});
