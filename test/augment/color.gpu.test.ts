import { afterAll, describe, expect, test } from 'vitest';
import { createAugmenter } from '../../src/augment/augmenter.ts';
import type { Picture } from '../../src/augment/op.ts';
import { jitterOrders } from '../../src/augment/ops/color.ts';
import type { OpParameters, PipelineParameters } from '../../src/augment/parameters.ts';
import type { OpConfig } from '../../src/augment/pipeline.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { colorOps, type Fields } from '../../src/reference/augment_color.ts';
import { expectSame, expectWithin } from '../../src/selftest/compare.ts';
import { unitRoundoff } from '../../src/selftest/tolerance.ts';
import fixture from '../fixtures/torchvision_color.json';

const gpu: Gpu = await openGpu({ defaultLimitsOnly: true });
afterAll(() => gpu.dispose());

/** Enough pixels for an equalization table that isn't the identity. */
const picture = (channels: number): Picture => ({ height: 24, width: 16, channels });
const elementsOf = (s: Picture) => s.height * s.width * s.channels;
const shapeOf = (s: Picture) => [s.height, s.width, s.channels] as [number, number, number];
const someBytes = (length: number) => Uint8Array.from({ length }, (_, i) => ((i * 7919) ^ (i >> 3)) % 256);

/** From 20 to 229, so that there is something to stretch; includes very dark, very light, gray and pure colors. */
function imageOf(s: Picture): Uint8Array {
  const image = someBytes(elementsOf(s)).map((byte) => 20 + (byte * 210) / 256);
  const [dark, light] = [10, 245];
  const colors = [0, 7, 1, 2, 4, 3, 5, 6].flatMap((bits) => [1, 2, 4].map((bit) => (bits & bit ? light : dark)));
  if (s.channels === 3) image.set([...colors, 90, 90, 90, 91, 90, 90], 96);
  return image;
}

const everything: OpConfig[] = [
  { type: 'colorJitter', brightness: 0.5, contrast: 0.5 },
  { type: 'randomGamma', gamma: [0.5, 2] },
  { type: 'randomInvert' },
  { type: 'randomSolarize', threshold: [50, 200] },
  { type: 'randomPosterize', bits: [2, 6] },
  { type: 'randomEqualize' },
  { type: 'randomAutocontrast', p: 0.3 },
  { type: 'randomAdjustSharpness', sharpnessFactor: [0.1, 1.9] },
];
const ofColors: OpConfig[] = [
  { type: 'colorJitter', brightness: 0.5, contrast: 0.5, saturation: 0.5, hue: 0.2 },
  ...everything.slice(1),
  { type: 'randomGrayscale' },
];
const ofChannels: OpConfig[] = [{ type: 'randomChannelPermutation' }, { type: 'randomChannelDrop', channels: [1, 2] }];
/** The ops that support this number of channels. */
const opsFor = (channels: number): OpConfig[] => [
  ...(channels === 3 ? ofColors : everything),
  ...(channels > 1 ? ofChannels : []),
];

/** Error bound of n operations on gray levels: 2^-23 of the largest value each. */
const roundings = (n: number, largest = 255) => n * 2 * unitRoundoff * largest;
const boundOf: Record<string, number> = {
  // Factors up to 2.5, a mean as a sum of 24 x 16 numbers in 64 parts, and hue's quotient times the chroma.
  colorJitter: roundings(80, 2.5 * 255),
  // WGSL allows log2 an error of 2^-21 near 1, and exp2 one of 3 + 2|x| ulp.
  randomGamma: 255 * 2 * 2 ** -20 + roundings(16),
  randomGrayscale: roundings(8),
  randomAutocontrast: roundings(8),
  randomAdjustSharpness: roundings(20, 2.5 * 255),
};

const cases: [OpParameters, on: number[]][] = [
  [{ type: 'colorJitter', brightness: 0.4 }, [1, 3, 4, 5]],
  [{ type: 'colorJitter', brightness: 1.9 }, [1, 3, 5]],
  [{ type: 'colorJitter', contrast: 0.3 }, [1, 3, 4]],
  [{ type: 'colorJitter', contrast: 2.5 }, [1, 3, 5]],
  [{ type: 'colorJitter', saturation: 0.2 }, [3]],
  [{ type: 'colorJitter', saturation: 2.5 }, [3]],
  [{ type: 'colorJitter', hue: -0.5 }, [3]],
  [{ type: 'colorJitter', hue: 0.37 }, [3]],
  [{ type: 'randomGamma', gamma: 0.4, gain: 1.2 }, [1, 3, 5]],
  [{ type: 'randomGamma', gamma: 3 }, [1, 3, 4, 5]],
  [{ type: 'randomGrayscale' }, [3]],
  [{ type: 'randomInvert' }, [1, 3, 5]],
  [{ type: 'randomSolarize', threshold: 91 }, [1, 3, 5]],
  [{ type: 'randomPosterize', bits: 0 }, [3]],
  [{ type: 'randomPosterize', bits: 3 }, [1, 3, 5]],
  [{ type: 'randomPosterize', bits: 8 }, [3]],
  [{ type: 'randomEqualize' }, [1, 3, 4, 5]],
  [{ type: 'randomAutocontrast' }, [1, 3, 5]],
  [{ type: 'randomAdjustSharpness', sharpnessFactor: 0 }, [1, 3, 5]],
  [{ type: 'randomAdjustSharpness', sharpnessFactor: 2.5 }, [1, 3, 4, 5]],
  [{ type: 'randomChannelPermutation', channel0: 2, channel1: 0, channel2: 1 }, [3]],
  [{ type: 'randomChannelPermutation', channel0: 4, channel1: 0, channel2: 1, channel4: 2 }, [5]],
  [{ type: 'randomChannelDrop', drop1: true }, [3, 5]],
  [{ type: 'randomChannelDrop', drop0: true, drop2: true }, [3, 4, 5]],
];

describe.each([1, 3, 4, 5])('%d channels: the results match the twins', (channels) => {
  const s = picture(channels);
  const own = cases.filter(([, on]) => on.includes(channels)).map(([op]) => op);
  const augmenter = createAugmenter(gpu, { imageShape: shapeOf(s), augmentation: opsFor(channels) });
  // Includes non-integers: 0.3 is far from the discontinuities of rounding to levels.
  const image = Float32Array.from(imageOf(s), (byte, i) => byte + (i % 3 === 0 ? 0.3 : 0));
  const images = new Float32Array(own.length * image.length);
  for (const i of own.keys()) images.set(image, i * image.length);
  const made = augmenter.apply(
    images,
    own.map((op) => ({ ops: [op] })),
  );

  test.each(own.map((op, i) => [JSON.stringify(op), op, i] as const))('%s', async (_, { type, ...fields }, i) => {
    const y = (await made).subarray(i * image.length, (i + 1) * image.length);
    const expected = colorOps[type]!(image, s, fields as Fields);
    expectWithin('y', y, Float32Array.from(expected), boundOf[type] ?? 0);
    expect(y).not.toEqual(image);
  });
});

test.each(['large', 'crowded', 'flat'] as const)(
  "equalize of the image '%s' is Pillow's, byte for byte",
  async (name) => {
    const { bytes, ...s } = fixture.images[name];
    const { expected } = fixture.cases.find(
      ({ op, by, image }) => op === 'randomEqualize' && by === 'pillow' && image === name,
    )!;
    const augmenter = createAugmenter(gpu, {
      imageShape: shapeOf(s),
      augmentation: [{ type: 'randomEqualize', p: 1 }],
    });
    expectSame('y', await augmenter.apply(Uint8Array.from(bytes), { epoch: 0, samples: [0] }), expected);
  },
);

test('each of the 24 orders of colorJitter applies its adjustments in that order', async () => {
  const s: Picture = { height: 5, width: 4, channels: 3 };
  const image = someBytes(60);
  const images = Uint8Array.from({ length: 24 * 60 }, (_, i) => image[i % 60]!);
  const augmentation: OpConfig[] = [{ type: 'colorJitter', brightness: 1, contrast: 1, saturation: 1, hue: 0.5 }];
  const fields = { brightness: 1.4, contrast: 1.7, saturation: 0.4, hue: 0.3 };
  const ops = jitterOrders(Object.keys(fields)).map((order) => ({ type: 'colorJitter', ...fields, order }));
  const y = await createAugmenter(gpu, { imageShape: shapeOf(s), augmentation }).apply(
    images,
    ops.map((op) => ({ ops: [op] })),
  );
  const all = ops.map((op, i) => {
    const expected = colorOps.colorJitter!(image, s, op);
    expectWithin(op.order, y.subarray(60 * i, 60 * i + 60), expected, 4 * boundOf.colorJitter!);
    return expected.join();
  });
  expect(new Set(all).size).toBeGreaterThan(12);
});

test.each([
  ['brightness'],
  ['contrast'],
  ['saturation'],
  ['hue'],
  ['saturation', 'hue'],
  ['contrast', 'hue'],
  ['brightness', 'contrast', 'saturation'],
])('colorJitter with %s %s %s samples and applies only those', async (...names) => {
  const s: Picture = { height: 5, width: 4, channels: 3 };
  const image = someBytes(60);
  const options = Object.fromEntries(names.map((name) => [name, name === 'hue' ? 0.5 : 0.9]));
  const augmenter = createAugmenter(gpu, {
    imageShape: shapeOf(s),
    augmentation: [{ type: 'colorJitter', ...options }],
  });
  const of = { epoch: 0, samples: [0, 1, 2, 3, 4, 5, 6, 7] };
  const drawn = (await augmenter.draw(of)) as PipelineParameters[];
  const y = await augmenter.apply(
    Uint8Array.from({ length: 8 * 60 }, (_, i) => image[i % 60]!),
    of,
  );
  drawn.forEach(({ ops: [op] }, i) => {
    const { type, applied, ...fields } = op!;
    expect(Object.keys(fields)).toEqual(names.length > 1 ? [...names, 'order'] : names);
    expectWithin(
      'y',
      y.subarray(60 * i, 60 * i + 60),
      colorOps.colorJitter!(image, s, fields),
      4 * boundOf.colorJitter!,
    );
  });
});

test('a channel with a single level is unchanged, without a division by zero', async () => {
  const s = picture(3);
  const image = imageOf(s).map((byte, i) => (i % 3 === 1 ? 77 : byte));
  const augmentation: OpConfig[] = [{ type: 'randomEqualize' }, { type: 'randomAutocontrast' }];
  const y = await createAugmenter(gpu, { imageShape: shapeOf(s), augmentation }).apply(
    Uint8Array.from([...image, ...image]),
    [{ ops: [{ type: 'randomEqualize' }] }, { ops: [{ type: 'randomAutocontrast' }] }],
  );
  const green = y.filter((_, i) => i % 3 === 1);
  expectSame(
    'green',
    green,
    green.map(() => 77),
  );
});

test('each image of a batch gets its own parameters', async () => {
  const s = picture(3);
  const augmentation = ofColors
    .concat(ofChannels)
    // Ops that round to levels are discontinuous: after other ops, their input never equals the twin's exactly.
    .filter(({ type }) => !['randomSolarize', 'randomPosterize', 'randomEqualize'].includes(type));
  const augmenter = createAugmenter(gpu, { imageShape: shapeOf(s), augmentation, seed: 3 });
  const samples = Array.from({ length: 8 }, (_, i) => 10 * i);
  const image = imageOf(s);
  const images = Uint8Array.from({ length: 8 * image.length }, (_, i) => image[i % image.length]!);
  const drawn = (await augmenter.draw({ epoch: 1, samples })) as PipelineParameters[];
  const y = await augmenter.apply(images, { epoch: 1, samples });
  drawn.forEach(({ ops }, i) => {
    const expected = ops
      .filter(({ applied }) => applied)
      .reduce<ArrayLike<number>>((x, { type, ...fields }) => colorOps[type]!(x, s, fields), image);
    // Autocontrast and sharpness magnify previous errors; the result stays within 1e-4 of white.
    expectWithin(`image ${i}`, y.subarray(i * image.length, (i + 1) * image.length), expected, 1e-4 * 255);
  });
});
