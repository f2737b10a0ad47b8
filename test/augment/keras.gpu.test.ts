import { afterAll, describe, expect, test } from 'vitest';
import { createAugmenter } from '../../src/augment/augmenter.ts';
import type { ImageDataGeneratorConfig } from '../../src/augment/generator_options.ts';
import type { Compat } from '../../src/augment/image_data_generator.ts';
import type { SampleParameters } from '../../src/augment/parameters.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { identityParameters, type KerasParameters } from '../../src/reference/augment.ts';
import { composeAffineOf11 } from '../../src/reference/keras.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import { unitRoundoff } from '../../src/selftest/tolerance.ts';
import { drawOf, kerasPreprocessing, kerasReleases } from './keras_fixtures.ts';

const gpu: Gpu = await openGpu({ defaultLimitsOnly: true });
afterAll(() => gpu.dispose());

interface Shown {
  shape: number[];
  values: number[];
}

/** Groups items by key, so that one call handles a whole group. */
function groupBy<T>(list: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of list) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

const make = (imageShape: readonly number[], augmentation: ImageDataGeneratorConfig) =>
  createAugmenter(gpu, { imageShape: imageShape as [number, number, number], augmentation });
const apply = ({ shape, values }: Shown, config: ImageDataGeneratorConfig, parameters: SampleParameters) =>
  make(shape, config).apply(Float32Array.from(values), [parameters]);

describe('the warps of keras-preprocessing 1.1', () => {
  const { images, cases } = kerasPreprocessing.warps;
  const groups = groupBy(cases, ({ image, fillMode, interpolationOrder, cval }) =>
    JSON.stringify({ image, fillMode, interpolationOrder, cval }),
  );
  test.each([...groups.values()].map((group) => [group[0]!.fillMode, group[0]!.interpolationOrder, group] as const))(
    '%s, order %i',
    async (_, __, group) => {
      const { image, fillMode, interpolationOrder, cval } = group[0]!;
      const { shape, values } = images[image]!;
      const [height, width, channels] = shape as [number, number, number];
      const sampling = { fillMode, interpolationOrder, cval } as ImageDataGeneratorConfig;
      const y = await make(shape, { ...sampling, compat: 'keras-preprocessing-1.1' }).apply(
        Float32Array.from(group.flatMap(() => values)),
        group.map(({ parameters }) => parameters as SampleParameters),
      );
      let compared = 0;
      for (const [n, { parameters, y: expected }] of group.entries()) {
        const p: KerasParameters = { ...identityParameters, ...(parameters as Partial<KerasParameters>) };
        const [a, b, c, d, e, f] = composeAffineOf11(p, { height, width, channels });
        const kept = expected.flatMap((_, i) => {
          const [column, row] = [Math.floor(i / channels) % width, Math.floor(i / channels / width)];
          const at = [a * column + b * row + c, d * column + e * row + f] as const;
          // At a discontinuity of the sampling either side is right: at both ends of an axis, and with order 0 halfway between
          // pixels.
          const jumps = at.some((v, axis) => {
            const size = axis === 0 ? width : height;
            const period = Math.max(1, size - 1);
            const near = (place: number) => Math.abs(v - place) < 1e-4;
            if (fillMode === 'constant' && (near(0) || near(size - 1))) return true;
            if (fillMode === 'wrap' && near(Math.round(v / period) * period)) return true;
            return interpolationOrder === 0 && near(Math.floor(v) + 0.5);
          });
          return jumps ? [] : [i];
        });
        compared += kept.length / expected.length / group.length;
        const mine = y.subarray(n * expected.length, (n + 1) * expected.length);
        const most = Math.max(...values.map(Math.abs), Math.abs(cval));
        expectWithin(
          JSON.stringify(parameters),
          kept.map((i) => mine[i]!),
          kept.map((i) => expected[i]!),
          2e-5 * most,
        );
      }
      expect(compared).toBeGreaterThan(0.5);
    },
  );
});

describe.each(kerasReleases)('%s', (compat: Compat, fixture) => {
  test.each(fixture.transforms.map((of) => [of.image.shape.join('x'), of] as const))(
    'all of random_transform on %s, within one gray level',
    async (_, { options, image, parameters, y }) => {
      const { fillMode, cval, interpolationOrder } = options as unknown as ImageDataGeneratorConfig;
      const config = {
        compat,
        ...(fillMode && { fillMode }),
        ...(cval && { cval }),
        ...(interpolationOrder === 0 && { interpolationOrder }),
      };
      const mine = await apply(image, config, drawOf(parameters));
      // Truncation turns an error of 1e-4 into a whole level.
      expectWithin('y', mine, y, 1 + 1e-3);
      const same = mine.filter((value, i) => Math.abs(value - y[i]!) < 1e-2);
      expect(same.length / y.length).toBeGreaterThan(0.95);
    },
  );

  test.each(fixture.channelShifts.map((of) => [of.image.shape.join('x'), of.intensity, of] as const))(
    'the channel shift of %s by %d',
    async (_, intensity, { image, y }) => {
      const mine = await apply(image, { compat }, { channelShiftIntensity: intensity });
      const bound = y.map((value) => 2 * unitRoundoff * (Math.abs(value) + Math.abs(intensity)));
      expectWithin('y', mine, y, bound);
    },
  );

  const groups = groupBy(fixture.brightnesses, ({ image }) => JSON.stringify(image));
  test.each([...groups.values()].map((group) => [group[0]!.image.shape.join('x'), group] as const))(
    'the brightness of %s, within one gray level',
    async (_, group) => {
      const { shape, values } = group[0]!.image;
      const y = await make(shape, { compat }).apply(
        Float32Array.from(group.flatMap(() => values)),
        group.map(({ brightness }) => ({ brightness })),
      );
      // In gray levels, if the image is stretched to 255 of them.
      const extent = Math.max(...values) - Math.min(...values);
      const beyond = Math.min(...values) < 0 || Math.max(...values) > 255;
      const level = compat === 'keras' && beyond ? extent / 255 : 1;
      let same = 0;
      for (const [n, of] of group.entries()) {
        const mine = y.subarray(n * values.length, (n + 1) * values.length);
        expectWithin(`by ${of.brightness}`, mine, of.y, level * (1 + 1e-3));
        same += mine.filter((value, i) => Math.abs(value - of.y[i]!) < 1e-3 * level).length;
      }
      expect(same / (values.length * group.length)).toBeGreaterThan(0.95);
    },
  );

  test.each(fixture.samplewise.map((of) => [JSON.stringify(of.options), of] as const))(
    'standardized per sample: %s',
    async (_, { options, image, y }) => {
      const mine = await apply(image, { ...(options as ImageDataGeneratorConfig), compat }, {});
      const most = Math.max(...y.map(Math.abs));
      expectWithin('y', mine, y, 1e-5 * most);
    },
  );

  test.each(fixture.statistics.cases.map((of) => [JSON.stringify(of.options), of.shape.join('x'), of] as const))(
    'fit and standardize: %s of %s',
    async (_, __, { options, shape, images, mean, std, standardized }) => {
      const augmenter = make(shape.slice(1), { ...(options as ImageDataGeneratorConfig), compat });
      const found = await augmenter.fit(Float32Array.from(images));
      const scale = Math.max(...mean!.map(Math.abs), 1e-3);
      expectWithin('mean', found.mean, mean!, 1e-6 * scale);
      if (std) expectWithin('std', found.std, std, 1e-6 * scale);
      const elements = standardized.length;
      const y = await augmenter.apply(Float32Array.from(images.slice(0, elements)), [{}]);
      expectWithin('y', y, standardized, 1e-5 * Math.max(...standardized.map(Math.abs)));
    },
  );

  test.each(fixture.whitenings.map((of) => [of.shape.join('x'), of] as const))(
    'ZCA of %s: the whitened image',
    async (_, { shape, zcaEpsilon, rescale, images, standardized }) => {
      const augmenter = make(shape.slice(1), { zcaWhitening: true, zcaEpsilon, rescale: rescale ?? 1, compat });
      await augmenter.fit(Float32Array.from(images));
      const y = await augmenter.apply(Float32Array.from(images.slice(0, standardized.length)), [{}]);
      // A float32 product of all features loses values below 1e-4 of the largest.
      expectWithin('y', y, standardized, 5e-3 * Math.max(...standardized.map(Math.abs)));
    },
  );
});
