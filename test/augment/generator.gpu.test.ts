import { afterAll, describe, expect, test } from 'vitest';
import { createTrainer } from '../../src/api/trainer.ts';
import { createAugmenter } from '../../src/augment/augmenter.ts';
import type { ImageDataGeneratorConfig } from '../../src/augment/generator_options.ts';
import type { FeatureStatistics } from '../../src/augment/image_data_generator.ts';
import { KerasFlow } from '../../src/augment/keras_flow.ts';
import type { ImageDataGeneratorParameters } from '../../src/augment/parameters.ts';
import { createDataset } from '../../src/data/dataset.ts';
import { ConfigurationError } from '../../src/errors.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { product } from '../../src/product';
import { expectSame, expectWithin } from '../../src/selftest/compare.ts';
import { unitRoundoff } from '../../src/selftest/tolerance.ts';

const gpu: Gpu = await openGpu({ defaultLimitsOnly: true });
afterAll(() => gpu.dispose());

type Shape = [number, number, number];
const bytes = (length: number, factor = 7919) => Uint8Array.from({ length }, (_, i) => (i * factor) % 251);
const make = (imageShape: Shape, augmentation: ImageDataGeneratorConfig, seed = 5) =>
  createAugmenter(gpu, { imageShape, augmentation, seed });
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);
const meanOf = (x: ArrayLike<number>) => Array.from(x).reduce((a, b) => a + b, 0) / x.length;
const deviationOf = (x: ArrayLike<number>) => {
  const mean = meanOf(x);
  return Math.sqrt(meanOf(Array.from(x, (value) => (value - mean) ** 2)));
};

describe.each<Shape>([
  [5, 4, 1],
  [4, 3, 3],
  [3, 4, 6],
])('images of %i x %i x %i', (...imageShape) => {
  const elements = product(imageShape);
  const images = bytes(2 * elements);
  const first = images.subarray(0, elements);

  test('a channel shift is clipped to the range of the whole image, and brightness to gray levels', async () => {
    const y = await make(imageShape, {}).apply(images, [{ channelShiftIntensity: 40.5 }, { brightness: 1.5 }]);
    const most = Math.max(...first);
    const shifted = Float64Array.from(first, (x) => Math.min(x + 40.5, most));
    expectSame('shifted', y.subarray(0, elements), shifted);
    const bright = Float64Array.from(images.subarray(elements), (x) => Math.min(1.5 * x, 255));
    expectSame('bright', y.subarray(elements), bright);
  });

  test('Keras modes: the channel shift comes first, and brightness rounds to whole gray levels', async () => {
    if (imageShape[2] > 3) return;
    const y = await make(imageShape, { compat: 'keras' }).apply(first, [
      { channelShiftIntensity: -30.25, brightness: 0.75 },
    ]);
    const least = Math.min(...first);
    const expected = Float64Array.from(first, (x) => Math.trunc(0.75 * Math.trunc(Math.max(x - 30.25, least))));
    expectSame('y', y, expected);
  });

  test("the user's function is applied first, then rescale, then the normalization of each sample", async () => {
    const config = { preprocessingFunction: '  let negative = 255.0 - pixel;\n  return negative;', rescale: 1 / 255 };
    const y = await make(imageShape, imageShape[2] > 4 ? { rescale: 1 / 255 } : config).apply(images, [{}, {}]);
    const sign = imageShape[2] > 4 ? 1 : -1;
    const expected = Float64Array.from(images, (x) => (sign > 0 ? x : 255 - x) / 255);
    expectWithin('y', y, expected, 2 * 2 * unitRoundoff);
    const standardized = await make(imageShape, { rescale: 1 / 255, samplewiseStdNormalization: true }).apply(images, [
      {},
      {},
    ]);
    for (const n of [0, 1]) {
      const image = Float64Array.from(images.subarray(n * elements, (n + 1) * elements), (x) => x / 255);
      const [mean, deviation] = [meanOf(image), deviationOf(image)];
      const expected = image.map((x) => (x - mean) / (deviation + 1e-6));
      expectWithin(`image ${n}`, standardized.subarray(n * elements, (n + 1) * elements), expected, 1e-5);
    }
  });

  test('after fit, feature-wise normalized images have mean 0 and standard deviation 1 in each channel', async () => {
    const set = bytes(40 * elements, 104_729);
    const augmenter = make(imageShape, { featurewiseStdNormalization: true, rescale: 1 / 255 });
    const { mean, std } = await augmenter.fit(set);
    const y = await augmenter.apply(set, Array(40).fill({}));
    const channels = imageShape[2];
    for (let c = 0; c < channels; c++) {
      const own = (values: ArrayLike<number>) => Array.from(values).filter((_, i) => i % channels === c);
      expectWithin('mean', [mean[c]!], [meanOf(own(set)) / 255], 1e-12);
      expectWithin('std', [std[c]!], [deviationOf(own(set)) / 255], 1e-12);
      expectWithin('channel', [meanOf(own(y)), deviationOf(own(y))], [0, 1], 1e-5);
    }
  });

  test('ZCA whitening decorrelates the features and keeps their order', async () => {
    const set = bytes(200 * elements, 104_729);
    // Correlate neighbors, because otherwise there would be nothing to whiten.
    for (let i = 1; i < set.length; i++) set[i] = (set[i]! + 3 * set[i - 1]!) / 4;
    const augmenter = make(imageShape, { zcaWhitening: true, rescale: 1 / 255 });
    const { zca } = (await augmenter.fit(set)) as Required<FeatureStatistics>;
    expect(zca).toHaveLength(elements ** 2);
    const y = await augmenter.apply(set, Array(200).fill({}));
    for (let i = 0; i < elements; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = 0;
        for (let n = 0; n < 200; n++) sum += y[n * elements + i]! * y[n * elements + j]!;
        expectWithin(`features ${i} and ${j}`, [sum / 200], [i === j ? 1 : 0], 2e-3);
      }
    }
  });
});

test.each([
  ['not WGSL', 'return pixel +;', /preprocessingFunction doesn't compile/, /return pixel \+;/],
  ['of another type', 'return vec3f(pixel, 0.0, 0.0, 1.0);', /doesn't compile/, /return vec3f/],
  ['an unknown name', 'let x = pixle;\n  return x;', /doesn't compile/, /let x = pixle;\n.*\^/],
])('an error in a function that is %s quotes its line', async (_, preprocessingFunction, ...words) => {
  const call = make([4, 4, 1], { preprocessingFunction }).apply(bytes(16), [{}]);
  const error = await call.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(ConfigurationError);
  for (const word of words) expect(error.message).toMatch(word);
  // The device still works.
  expectSame('y', await make([4, 4, 1], {}).apply(bytes(16), [{}]), bytes(16));
});

test('statistics that are missing before fit, and fit without images, are errors', async () => {
  const call = make([4, 4, 1], { featurewiseCenter: true }).apply(bytes(16), [{}]);
  await expect(call).rejects.toThrow('call fit first');
  await expect(make([4, 4, 1], { rotationRange: 3 }).fit(bytes(16))).rejects.toThrow('needs no fit');
});

test('ZCA on more features than the adapter can bind is rejected with the size before anything is fitted', () => {
  const figure = /10000 features[\s\S]*381\.5 MiB[\s\S]*128\.0 MiB/;
  expect(() => make([100, 100, 1], { zcaWhitening: true })).toThrow(figure);
});

test('fit with augment uses augmented images', async () => {
  const config = { verticalFlip: true, channelShiftRange: 100, featurewiseCenter: true };
  const plain = await make([4, 4, 1], config).fit(bytes(160));
  const augmented = await make([4, 4, 1], config).fit(bytes(160), { augment: true, rounds: 2 });
  expect(augmented.mean[0]).not.toBeCloseTo(plain.mean[0]!, 3);
});

describe.each(['keras', 'keras-preprocessing-1.1'] as const)("%s' own draws", (compat) => {
  const brightnessRange: [number, number] = [0.5, 1];
  const ranges = { rotationRange: 15, widthShiftRange: 3, zoomRange: 0.1, horizontalFlip: true, brightnessRange };
  const config: ImageDataGeneratorConfig = { ...ranges, compat };

  test('draw matches NumPy to float32', async () => {
    const drawn = (await make([8, 6, 1], config, 42).draw({
      epoch: 3,
      samples: upTo(5),
    })) as ImageDataGeneratorParameters[];
    const flow = new KerasFlow({
      ranges,
      imageShape: [8, 6, 1],
      samples: 5,
      batchSize: 5,
      shuffle: false,
      seed: 42,
    });
    flow.skip(3);
    const { parameters } = flow.getItem(0);
    parameters.forEach(({ flipHorizontal, flipVertical, ...numbers }, i) => {
      expect(drawn[i]).toMatchObject({ flipHorizontal, flipVertical });
      for (const [name, value] of Object.entries(numbers)) {
        expect(drawn[i]![name as 'theta']).toBe(Math.fround(value));
      }
    });
  });

  test('a training run has the order and the parameters of a Keras run', async () => {
    // One pixel per image: only brightness has an effect, and its result for each image can be read from the gradient of its class.
    const dataset = createDataset({ images: bytes(12), labels: bytes(12).map((_, i) => i % 3), imageShape: [1, 1, 1] });
    const layers = [{ type: 'flatten' as const }, { type: 'dense' as const, units: 3, activation: 'softmax' as const }];
    const losses = async (seed: number) => {
      const trainer = createTrainer(gpu, {
        model: { inputShape: [1, 1, 1], layers },
        batchSize: 5,
        augmentation: { brightnessRange: [0.5, 1], compat },
        optimizer: { type: 'sgd', learningRate: 0 },
        seed,
      });
      const [kernel] = await trainer.getWeights();
      const { steps } = await trainer.fit(dataset, { epochs: 2 });
      trainer.dispose();
      return { losses: steps.map(({ loss }) => loss), kernel: kernel! };
    };
    const { losses: found, kernel } = await losses(7);
    const flow = new KerasFlow({
      ranges: { brightnessRange: [0.5, 1] },
      imageShape: [1, 1, 1],
      samples: 12,
      batchSize: 5,
      seed: 7,
    });
    // fit with TensorFlow requests two batches first.
    flow.getItem(0);
    flow.getItem(1);
    flow.endEpoch();
    const expected: number[] = [];
    for (let epoch = 0; epoch < 2; epoch++) {
      for (let i = 0; i < 3; i++) {
        const { order, parameters } = flow.getItem(i);
        const each = parameters.map(({ brightness }, n) => {
          const sample = order[n]!;
          const level = bytes(12)[sample]!;
          // The old package stretches the brightest level to 255.
          const byte = compat === 'keras' || level === 0 ? level : 255;
          const x = Math.trunc(Math.fround(brightness!) * byte) / 255;
          const z = [...kernel].map((w) => w * x);
          return Math.log(z.reduce((sum, value) => sum + Math.exp(value), 0)) - z[sample % 3]!;
        });
        expected.push(meanOf(each));
      }
      flow.endEpoch();
    }
    expectWithin('losses', found, expected, 1e-6);
    expect((await losses(8)).losses).not.toEqual(found);
  });
});

test('a trainer fits the generator to its training images, and normalizes validation images in the same way', async () => {
  const labels = upTo(60).map((i) => i % 2);
  const images = Uint8Array.from({ length: 60 * 4 }, (_, i) => 100 + 20 * labels[i >> 2]! + (i % 4));
  const dataset = createDataset({ images, labels, imageShape: [2, 2, 1] });
  const layers = [{ type: 'flatten' as const }, { type: 'dense' as const, units: 2, activation: 'softmax' as const }];
  const trainer = createTrainer(gpu, {
    model: { inputShape: [2, 2, 1], layers },
    augmentation: { featurewiseStdNormalization: true, validationSplit: 0.25 },
    optimizer: { type: 'adam', learningRate: 0.05 },
  });
  await expect(trainer.evaluate(dataset)).rejects.toThrow('call fit first');
  const { epochs, steps } = await trainer.fit(dataset, { epochs: 15 });
  expect(steps.slice(0, 2).map(({ samples }) => samples)).toEqual([32, 13]);
  expect(epochs.at(-1)!.validationAccuracy).toBe(1);
  trainer.dispose();
});
