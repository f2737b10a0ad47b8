import { afterAll, describe, expect, test } from 'vitest';
import { createAugmenter } from '../../src/augment/augmenter.ts';
import type { ImageDataGeneratorConfig } from '../../src/augment/generator_options.ts';
import { kerasFillModes as fillModes } from '../../src/augment/image_data_generator.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import {
  flipImage,
  identityParameters,
  type KerasParameters,
  type Picture,
  type Sampling,
  warpImage,
} from '../../src/reference/augment.ts';
import { unit } from '../../src/reference/draws.ts';
import { expectSame, expectWithin } from '../../src/selftest/compare.ts';
import { expectWarped } from './closeness.ts';
import { fixtureRounding, type KerasWarp, kerasWarps } from './keras_warps.ts';

// The weakest possible adapter: code that passes here needs nothing above WebGPU's default limits.
const gpu: Gpu = await openGpu({ defaultLimitsOnly: true });
afterAll(() => gpu.dispose());

const shapeOf = (s: Picture) => [s.height, s.width, s.channels] as const;
const elementsOf = (s: Picture) => s.height * s.width * s.channels;
const augmenterOf = (s: Picture, { rescale, ...sampling }: Sampling) =>
  createAugmenter(gpu, {
    imageShape: [...shapeOf(s)] as [number, number, number],
    augmentation: { ...(sampling as ImageDataGeneratorConfig), ...(rescale !== 1 && { rescale }) },
  });

describe("Keras' own code", () => {
  // One call for all cases with the same shape and sampling method.
  const groups: Record<string, KerasWarp[]> = {};
  for (const warp of kerasWarps) {
    const { height, width, channels } = warp.picture;
    const { fillMode, interpolationOrder } = warp.sampling;
    const title = `${height}x${width}x${channels} ${fillMode}, order ${interpolationOrder}`;
    groups[title] = [...(groups[title] ?? []), warp];
  }
  test.each(Object.entries(groups))('%s', async (_, cases) => {
    const { picture, sampling } = cases[0]!;
    const elements = elementsOf(picture);
    const images = Float32Array.from(cases.flatMap((c) => [...c.image]));
    const y = await augmenterOf(picture, sampling).apply(
      images,
      cases.map((c) => c.given),
    );
    cases.forEach((c, i) => {
      const mine = y.subarray(i * elements, (i + 1) * elements);
      const exact = warpImage(c.image, picture, c.parameters, sampling);
      expectWithin(`${c.title} by the twin`, exact, c.expected, exact.map(fixtureRounding));
      const compared = expectWarped(c.title, mine, exact, c.image, picture, c.parameters, sampling);
      expect(compared).toBeGreaterThan(0.5);
    });
  });
});

const control: Picture = { height: 28, width: 28, channels: 1 };
const plain: Sampling = { fillMode: 'nearest', cval: 0, interpolationOrder: 1, compat: 'corrected', rescale: 1 / 255 };

/** Alternates moderate and extreme warps, without integer parameters. */
function someParameters(count: number): KerasParameters[] {
  return Array.from({ length: count }, (_, i) => {
    const u = (purpose: number) => 2 * unit({ seed: 99, epoch: 0, sample: i }, purpose) - 1;
    const wild = i % 2 === 1;
    return {
      theta: (wild ? 400 : 20) * u(0),
      tx: (wild ? 90 : 3) * u(1),
      ty: (wild ? 90 : 3) * u(2),
      shear: (wild ? 60 : 10) * u(3),
      zx: 1 + (wild ? 0.9 : 0.2) * u(4),
      zy: 1 + (wild ? 0.9 : 0.2) * u(5),
      flipHorizontal: u(6) < 0,
      flipVertical: u(7) < 0,
    };
  });
}

const someBytes = (length: number) =>
  Uint8Array.from({ length }, (_, i) => 256 * unit({ seed: 5, epoch: 1, sample: i }, 0));
const someFloats = (length: number) =>
  Float32Array.from({ length }, (_, i) => 6 * unit({ seed: 5, epoch: 2, sample: i }, 0) - 2);

describe('the twin', () => {
  const cases: [string, Partial<Picture>, Partial<Sampling>, number?][] = [
    ['the control', {}, {}],
    ['one image', {}, {}, 1],
    ['wider than high', { height: 20, width: 33 }, {}],
    ['higher than wide, three channels', { height: 33, width: 20, channels: 3 }, {}],
    ['four channels', { height: 9, width: 7, channels: 4 }, {}],
    ['five channels, an odd number of bytes', { height: 7, width: 9, channels: 5 }, {}, 3],
    ['a single row', { height: 1, width: 9, channels: 2 }, {}],
    ['a single pixel', { height: 1, width: 1, channels: 1 }, {}],
    ['no rescale', {}, { rescale: 1 }],
    ["Keras' centre and axes", { height: 20, width: 33 }, { compat: 'keras' }],
    ['a large image', { height: 130, width: 301, channels: 3 }, {}, 2],
  ];
  for (const fillMode of fillModes) {
    for (const interpolationOrder of [0, 1] as const) {
      cases.push([
        `${fillMode}, order ${interpolationOrder}`,
        { height: 12, width: 17, channels: 2 },
        { fillMode, interpolationOrder, cval: 100 },
        12,
      ]);
      cases.push([
        `${fillMode}, order ${interpolationOrder}, an axis of one pixel`,
        { height: 1, width: 17 },
        { fillMode, interpolationOrder, cval: -3 },
      ]);
    }
  }
  test.each(cases)('%s', async (_, picture, sampling, count = 8) => {
    const s = { ...control, ...picture };
    const how = { ...plain, ...sampling };
    const elements = elementsOf(s);
    const parameters = someParameters(count);
    for (const images of [someBytes(count * elements), someFloats(count * elements)]) {
      const y = await augmenterOf(s, how).apply(images, parameters);
      expect(y.length).toBe(count * elements);
      parameters.forEach((p, i) => {
        const image = images.subarray(i * elements, (i + 1) * elements);
        const mine = y.subarray(i * elements, (i + 1) * elements);
        const compared = expectWarped(`image ${i}`, mine, warpImage(image, s, p, how), image, s, p, how);
        expect(compared).toBeGreaterThan(elements > 30 ? 0.9 : 0);
      });
    }
  });

  test.each<[string, Partial<KerasParameters>]>([
    ['a hundredth of a pixel', { tx: 0.01 }],
    ['a twentieth of a degree', { theta: 0.05 }],
    ['a thousandth of the zoom', { zx: 1.001 }],
  ])('the comparison would detect %s', async (_, wrong) => {
    const image = someBytes(elementsOf(control));
    const y = await augmenterOf(control, plain).apply(image, [identityParameters]);
    const p = { ...identityParameters, ...wrong };
    const expected = warpImage(image, control, p, plain);
    expect(() => expectWarped('y', y, expected, image, control, p, plain)).toThrow('times the bound');
  });
});

describe('exact cases', () => {
  const s = { height: 5, width: 8, channels: 3 };
  const elements = elementsOf(s);
  const images = someBytes(2 * elements);

  test.each(fillModes)('%s: the identity preserves every byte', async (fillMode) => {
    const y = await augmenterOf(s, { ...plain, fillMode, rescale: 1 }).apply(images, [{}, identityParameters]);
    expectSame('y', y, images);
  });

  test('flips only reverse the order of the pixels', async () => {
    const sampling: Sampling = { ...plain, fillMode: 'constant', cval: -1, rescale: 1 };
    const y = await augmenterOf(s, sampling).apply(images, [{ flipHorizontal: true }, { flipVertical: true }]);
    expectSame('horizontal', y.subarray(0, elements), flipImage(images.subarray(0, elements), s, true, false));
    expectSame('vertical', y.subarray(elements), flipImage(images.subarray(elements), s, false, true));
  });

  test.each(fillModes)('%s: shifts by whole pixels, rotation by 180 degrees', async (fillMode) => {
    const sampling: Sampling = { ...plain, fillMode, cval: 7, rescale: 1 };
    const image = images.subarray(0, elements);
    const parameters = [{ tx: 2 }, { ty: -3 }, { tx: -9, ty: 11 }, { tx: 1, flipHorizontal: true }];
    const four = Uint8Array.from([...image, ...image, ...image, ...image]);
    const y = await augmenterOf(s, sampling).apply(four, parameters);
    parameters.forEach((given, i) => {
      const expected = warpImage(image, s, { ...identityParameters, ...given }, sampling);
      expectSame(JSON.stringify(given), y.subarray(i * elements, (i + 1) * elements), expected);
    });
    const turned = await augmenterOf(s, sampling).apply(image, [{ theta: 180 }]);
    expectSame('half a turn', turned, flipImage(image, s, true, true));
  });

  test('the same input gives the same bits', async () => {
    const parameters = someParameters(2);
    const [first, second] = [0, 1].map(() => augmenterOf(s, plain).apply(images, parameters));
    expectSame('y', await first!, await second!);
  });
});
