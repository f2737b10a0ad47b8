import { afterAll, describe, expect, test } from 'vitest';
import { createAugmenter } from '../../src/augment/augmenter.ts';
import type { Picture } from '../../src/augment/op.ts';
import type { Matrix, OpParameters } from '../../src/augment/parameters.ts';
import type { AugmentationConfig, OpConfig } from '../../src/augment/pipeline.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { type Matrix3, through, type Where } from '../../src/reference/augment_geometry.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import { mapOf } from './geometry_twin.ts';

const gpu: Gpu = await openGpu({ defaultLimitsOnly: true });
afterAll(() => gpu.dispose());

const shapeOf = ({ height, width, channels }: Picture): [number, number, number] => [height, width, channels];

describe('coordinates in an image of 512 pixels have an error below a thousandth of a pixel', () => {
  const picture: Picture = { height: 512, width: 512, channels: 2 };
  const places = Float32Array.from({ length: 512 * 512 * 2 }, (_, i) =>
    i % 2 === 0 ? (i / 2) % 512 : Math.floor(i / 1024),
  );
  const affine = { angle: 213.7, translateX: -41, translateY: 30, scale: 0.83, shearX: 21.9, shearY: -13.3 };
  const corners = {
    topLeftX: 97,
    topLeftY: 13,
    topRightX: 431,
    topRightY: 120,
    bottomRightX: 508,
    bottomRightY: 399,
    bottomLeftX: 3,
    bottomLeftY: 470,
  };
  const turn = { angle: -77.7 };
  test.each<[string, Record<string, object>]>([
    ['affine', { randomAffine: affine }],
    ['a turn', { randomRotation: turn }],
    ['perspective', { randomPerspective: corners }],
    ['all of them in one matrix', { randomAffine: affine, randomPerspective: corners, randomRotation: turn }],
  ])('%s', async (_, ops) => {
    const types = Object.keys(ops);
    const options = { randomRotation: { degrees: 180 } };
    const augmentation = types.map(
      (type) => ({ type, fillMode: 'nearest', ...options[type as keyof typeof options] }) as OpConfig,
    );
    const augmenter = createAugmenter(gpu, { imageShape: shapeOf(picture), augmentation });
    const given = types.map((type) => ({ type, ...ops[type] }) as OpParameters);
    const y = await augmenter.apply(places, [{ ops: given }]);
    const ways = types.map((type) => through(mapOf(type, {}, ops[type]!, picture)));
    // The first op's map is applied last.
    const where: Where = (column, row) =>
      ways.reduceRight<readonly [number, number]>((at, way) => way(at[0], at[1]), [column, row]);
    const [found, expected]: [number[], number[]] = [[], []];
    for (let pixel = 0; pixel < 512 * 512; pixel++) {
      const at = where(pixel % 512, Math.floor(pixel / 512));
      if (at.some((v) => v < 0 || v > 511)) continue;
      found.push(y[2 * pixel]!, y[2 * pixel + 1]!);
      expected.push(...at);
    }
    expect(found.length).toBeGreaterThan(100_000);
    expectWithin('coordinates', found, expected, 1e-3);
  });

  test('collinear or coincident corners give finite numbers', async () => {
    const augmentation: OpConfig[] = [{ type: 'randomPerspective', distortionScale: 1, fill: 7 }];
    const augmenter = createAugmenter(gpu, { imageShape: [8, 8, 1], augmentation });
    const all = (x: number, y: number) =>
      Object.fromEntries(Object.keys(corners).map((name) => [name, name.endsWith('X') ? x : y]));
    const images = new Uint8Array(3 * 64).fill(100);
    const y = await augmenter.apply(images, [
      { ops: [{ type: 'randomPerspective', ...all(4, 4) }] },
      { ops: [{ type: 'randomPerspective', ...all(3, 3), topRightX: 4, bottomRightX: 5, bottomRightY: 4 }] },
      { ops: [{ type: 'randomPerspective', topLeftX: 3, topLeftY: 3, bottomRightX: 4, bottomRightY: 4 }] },
    ]);
    for (const value of y) expect(value >= 7 && value <= 100).toBe(true);
  });
});

describe('a point and a box are mapped to where the pixels are moved', () => {
  const picture: Picture = { height: 60, width: 72, channels: 1 };
  const samples = Array.from({ length: 12 }, (_, i) => i);
  const dot = [31.5, 26.25] as const;
  const box = { left: 24, top: 18, right: 44, bottom: 36 };

  /** A soft dot, so narrow that a perspective doesn't shift its center. */
  const dotted = image((x, y) => 255 * Math.exp(-((x - dot[0]) ** 2 + (y - dot[1]) ** 2) / (2 * 1.6 ** 2)));
  const boxed = image((x, y) => (x >= box.left && x <= box.right && y >= box.top && y <= box.bottom ? 255 : 0));

  function image(value: (x: number, y: number) => number): Float32Array {
    const { width, height } = picture;
    return Float32Array.from({ length: width * height }, (_, at) => value(at % width, Math.floor(at / width)));
  }

  const carry = (m: Matrix, x: number, y: number) => through(m as unknown as Matrix3)(x, y);

  const crop: OpConfig = { type: 'randomCrop', size: [50, 56], padding: 6 };
  const resized: OpConfig = { type: 'randomResizedCrop', size: [64, 48], scale: [0.6, 1] };
  const affine: OpConfig = { type: 'randomAffine', degrees: 40, translate: [0.1, 0.1], scale: [0.8, 1.3], shear: 15 };
  const perspective: OpConfig = { type: 'randomPerspective', distortionScale: 0.4, p: 1 };
  const flip: OpConfig = { type: 'randomHorizontalFlip' };

  test.each<[string, AugmentationConfig]>([
    ['affine', [affine]],
    ['a crop', [crop]],
    ['a resized crop', [resized]],
    ['perspective', [perspective]],
    ['half turns', [{ type: 'randomRotate90', turns: [0, 2] }]],
    ['a crop, a flip, affine, perspective: one matrix', [crop, flip, affine, perspective]],
    ['affine, a resized crop, a turn', [affine, resized, { type: 'randomRotation', degrees: 20 }]],
    [
      'several passes',
      [
        { ...affine, interpolation: 'nearest' },
        resized,
        { type: 'randomAdjustSharpness', sharpnessFactor: 0 },
        flip,
        { ...perspective, fillMode: 'nearest' },
      ],
    ],
    ["Keras'", { rotationRange: 30, zoomRange: [0.8, 1.2], widthShiftRange: 6, shearRange: 10, horizontalFlip: true }],
  ])('%s', async (_, augmentation) => {
    const augmenter = createAugmenter(gpu, { imageShape: shapeOf(picture), augmentation, seed: 2 });
    const drawn = await augmenter.draw({ epoch: 0, samples });
    const many = (one: Float32Array) => Float32Array.from({ length: 12 * one.length }, (_, i) => one[i % one.length]!);
    const [dots, boxes] = [await augmenter.apply(many(dotted), drawn), await augmenter.apply(many(boxed), drawn)];
    const elements = dots.length / 12;
    const width =
      (augmentation as OpConfig[]).reduce?.(
        (size, op) => ('size' in op && op.size ? (op.size as readonly number[])[1]! : size),
        picture.width,
      ) ?? picture.width;
    const height = elements / width;
    let seen = 0;
    drawn.forEach(({ matrix, inverse }, i) => {
      const [x, y] = carry(inverse!, ...dot);
      expectWithin('there and back', carry(matrix!, x, y), dot, 1e-3);
      const corners = [box.left, box.right].flatMap((u) => [box.top, box.bottom].map((v) => carry(inverse!, u, v)));
      const ends = [0, 1].flatMap((axis) => [
        Math.min(...corners.map((corner) => corner[axis]!)),
        Math.max(...corners.map((corner) => corner[axis]!)),
      ]);
      const inside = ends[0]! > 2 && ends[1]! < width - 3 && ends[2]! > 2 && ends[3]! < height - 3;
      if (!inside) return;
      seen++;
      const pixels = (of: Float32Array) => of.subarray(i * elements, (i + 1) * elements);
      const found = middleOf(pixels(dots), width);
      expectWithin(`the dot of sample ${i}`, found, [x, y], 0.25);
      expectWithin(`the box of sample ${i}`, endsOf(pixels(boxes), width), ends, 1.2);
    });
    expect(seen).toBeGreaterThan(4);
  });

  /** The center of mass of an image; values brought in from the edge are darker than a tenth of the maximum. */
  function middleOf(pixels: Float32Array, width: number): [number, number] {
    let [sum, x, y] = [0, 0, 0];
    pixels.forEach((value, at) => {
      const weight = Math.max(0, value - 25);
      sum += weight;
      x += weight * (at % width);
      y += weight * Math.floor(at / width);
    });
    return [x / sum, y / sum];
  }

  /** The bounding box of the bright pixels. */
  function endsOf(pixels: Float32Array, width: number): number[] {
    const ends = [Infinity, -Infinity, Infinity, -Infinity];
    pixels.forEach((value, at) => {
      if (value < 100) return;
      [at % width, Math.floor(at / width)].forEach((v, axis) => {
        ends[2 * axis] = Math.min(ends[2 * axis]!, v);
        ends[2 * axis + 1] = Math.max(ends[2 * axis + 1]!, v);
      });
    });
    return ends;
  }
});

test('the matrix does not include the displacement of elasticTransform', async () => {
  const options = { imageShape: [8, 8, 1] as [number, number, number], seed: 1 };
  const augmentation: OpConfig[] = [{ type: 'randomCrop', size: 8, padding: 2 }];
  const [plain, elastic] = await Promise.all(
    [augmentation, [...augmentation, { type: 'elasticTransform' } as const]].map((ops) =>
      createAugmenter(gpu, { ...options, augmentation: ops }).draw({ epoch: 0, samples: [0, 1] }),
    ),
  );
  expect(elastic!.map(({ matrix }) => matrix)).toEqual(plain!.map(({ matrix }) => matrix));
});
