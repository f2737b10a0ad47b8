import { afterAll, describe, expect, test } from 'vitest';
import { createAugmenter } from '../../src/augment/augmenter.ts';
import { fillModes, type Picture } from '../../src/augment/op.ts';
import type { PipelineParameters } from '../../src/augment/parameters.ts';
import type { OpConfig } from '../../src/augment/pipeline.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { through } from '../../src/reference/augment_geometry.ts';
import { unit } from '../../src/reference/draws.ts';
import { expectSame, expectWithin } from '../../src/selftest/compare.ts';
import { type GeometryCase, pillowCases, torchvisionCases } from '../fixtures/torchvision_geometry.ts';
import { coordinatesOff, expectSampled } from './closeness.ts';
import { applyTwin, mapOf, samplingOf, settled } from './geometry_twin.ts';

const gpu: Gpu = await openGpu({ defaultLimitsOnly: true });
afterAll(() => gpu.dispose());

const isDone = ({ type }: { type: string }) => type !== 'elasticTransform';

/** Applies a list of ops to images, with separate parameters for each. */
function apply(
  augmentation: OpConfig[],
  { height, width, channels }: Picture,
  images: Uint8Array | Float32Array,
  parameters: PipelineParameters['ops'][],
): Promise<Float32Array> {
  const augmenter = createAugmenter(gpu, { imageShape: [height, width, channels], augmentation });
  return augmenter.apply(
    images,
    parameters.map((ops) => ({ ops })),
  );
}

const elementsOf = ({ height, width, channels }: Picture) => height * width * channels;
const someBytes = (length: number) => Uint8Array.from({ length }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24);

describe('outside programs', () => {
  /** One call for all cases with the same op, options and image. */
  function groupsOf(cases: GeometryCase[]): [string, GeometryCase[]][] {
    const groups = new Map<string, GeometryCase[]>();
    for (const c of cases.filter(isDone)) {
      const title = `${c.type} ${JSON.stringify(c.options)} ${Object.values(c.picture).join('x')}`;
      groups.set(title, [...(groups.get(title) ?? []), c]);
    }
    return [...groups];
  }

  async function expectCases(cases: GeometryCase[], bound: number) {
    const { type, options, picture, to } = cases[0]!;
    const images = Float32Array.from(cases.flatMap(({ image }) => [...image]));
    const parameters = cases.map((c) => [{ type, ...c.parameters }]);
    const y = await apply([{ type, ...options } as OpConfig], picture, images, parameters);
    const elements = elementsOf(to);
    expect(y).toHaveLength(cases.length * elements);
    cases.forEach((c, i) => {
      const at = settled(c);
      const mine = y.subarray(i * elements, (i + 1) * elements);
      const pick = (numbers: ArrayLike<number>) => at.map((j) => numbers[j]!);
      expectWithin(c.title, pick(mine), pick(c.expected), bound);
    });
  }

  test.each(groupsOf(torchvisionCases))('torchvision: %s', async (_, cases) => expectCases(cases, 255e-5));
  test.each(groupsOf(pillowCases))('Pillow: %s', async (_, cases) =>
    expectCases(cases, cases[0]!.options.interpolation === 'nearest' ? 0 : 1),
  );
});

describe('crops match the twin', () => {
  const square: Picture = { height: 32, width: 32, channels: 3 };
  const large: Picture = { height: 300, width: 420, channels: 3 };
  const some = <T>(n: number, make: (u: (purpose: number) => number) => T) =>
    Array.from({ length: n }, (_, sample) => make((purpose) => unit({ seed: 6, epoch: 2, sample }, purpose)));
  const corners = (n: number, least: number, mostTop: number, mostLeft: number) =>
    some(n, (u) => ({
      top: least + Math.floor(u(0) * (mostTop - least + 1)),
      left: least + Math.floor(u(1) * (mostLeft - least + 1)),
    }));
  const boxes = (n: number, { height, width }: Picture) =>
    some(n, (u) => {
      const [h, w] = [1 + Math.floor(u(0) * height), 1 + Math.floor(u(1) * width)];
      return {
        top: Math.floor(u(2) * (height - h + 1)),
        left: Math.floor(u(3) * (width - w + 1)),
        height: h,
        width: w,
      };
    });

  test.each<[string, OpConfig, Picture, object[], { height: number; width: number }]>([
    ['a border of 4', { type: 'randomCrop', size: 32, padding: 4, fill: 9 }, square, corners(8, -4, 4, 4), square],
    [
      'other channels',
      { type: 'randomCrop', size: 5 },
      { ...square, channels: 6 },
      corners(3, 0, 27, 27),
      { height: 5, width: 5 },
    ],
    [
      'a large image',
      { type: 'randomCrop', size: [224, 256] },
      large,
      corners(2, 0, 76, 164),
      { height: 224, width: 256 },
    ],
    [
      'mirrored further than the image is wide',
      { type: 'randomCrop', size: 9, padding: 11, paddingMode: 'reflect' },
      { height: 3, width: 4, channels: 2 },
      corners(6, -11, 5, 5),
      { height: 9, width: 9 },
    ],
    [
      'mirrored, an axis of one pixel',
      { type: 'randomCrop', size: 4, padding: 3, paddingMode: 'reflect' },
      { height: 1, width: 4, channels: 1 },
      corners(3, -3, 0, 3),
      { height: 4, width: 4 },
    ],
    ['resized, the same size', { type: 'randomResizedCrop', size: 32 }, square, boxes(8, square), square],
    [
      'resized, from a large image',
      { type: 'randomResizedCrop', size: [32, 48] },
      large,
      boxes(4, large),
      { height: 32, width: 48 },
    ],
    [
      'resized, to a large image',
      { type: 'randomResizedCrop', size: [150, 200] },
      square,
      boxes(2, square),
      { height: 150, width: 200 },
    ],
  ])('%s', async (_, op, picture, parameters, to) => {
    const images = someBytes(parameters.length * elementsOf(picture));
    const given = parameters.map((p) => [{ type: op.type, ...p }]);
    const y = await apply([op], picture, images, given);
    const elements = to.height * to.width * picture.channels;
    parameters.forEach((p, i) => {
      const image = images.subarray(i * elementsOf(picture), (i + 1) * elementsOf(picture));
      const exact = applyTwin(op.type, op, p, image, picture, to);
      const mine = y.subarray(i * elements, (i + 1) * elements);
      if (op.type === 'randomCrop') expectSame(JSON.stringify(p), mine, exact);
      else expectWithin(JSON.stringify(p), mine, exact, 2 * 255 * coordinatesOff(picture.height + picture.width));
    });
  });

  test('an image that is not augmented is cropped at its center, or resized as a whole', async () => {
    const images = someBytes(elementsOf(square));
    const middle = applyTwin('randomCrop', { size: [10, 13] }, { top: 11, left: 10 }, images, square, {
      height: 10,
      width: 13,
    });
    expectSame('crop', await apply([{ type: 'randomCrop', size: [10, 13] }], square, images, [[]]), middle);
    const whole = { top: 0, left: 0, height: 32, width: 32 };
    const resized = applyTwin('randomResizedCrop', { size: 20 }, whole, images, square, { height: 20, width: 20 });
    const y = await apply([{ type: 'randomResizedCrop', size: 20 }], square, images, [[]]);
    expectWithin('resized', y, resized, 2 * 255 * coordinatesOff(64));
  });
});

describe('every fill mode and interpolation order matches the twin', () => {
  const picture: Picture = { height: 12, width: 17, channels: 3 };
  const elements = elementsOf(picture);
  const parameters = [
    { angle: 25, translateX: 3, scale: 0.9, shearX: 12 },
    { angle: 200, translateY: -9, scale: 0.31, shearY: 20 },
    { translateX: 40, translateY: -33, angle: -3 },
  ];
  const cases = fillModes.flatMap((fillMode) =>
    (['nearest', 'bilinear'] as const).map((interpolation) => ({ fillMode, interpolation })),
  );
  test.each(cases)('$fillMode, $interpolation', async (options) => {
    const op = { type: 'randomAffine' as const, ...options, fill: 100 };
    const images = someBytes(3 * elements);
    const y = await apply(
      [op],
      picture,
      images,
      parameters.map((p) => [{ type: op.type, ...p }]),
    );
    parameters.forEach((p, i) => {
      const pixels = (of: Uint8Array | Float32Array) => of.subarray(i * elements, (i + 1) * elements);
      const exact = applyTwin(op.type, op, p, pixels(images), picture, picture);
      const where = through(mapOf(op.type, op, p, picture));
      // The terms of a coordinate are at most both sides, magnified by three, plus the shift.
      const off = coordinatesOff(3 * (picture.height + picture.width + 40));
      const sampling = samplingOf(op.type, op, picture);
      const shares = expectSampled(
        `image ${i}`,
        pixels(y),
        exact,
        pixels(images),
        picture,
        picture,
        where,
        off,
        sampling,
      );
      expect(shares).toBeGreaterThan(0.9);
    });
  });
});
