import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { fitChannels, fitWhitening, normalizationOf, requireWhiteningFits } from '../../src/augment/statistics.ts';
import { symmetricEigen } from '../../src/augment/symmetric_eigen.ts';
import { ConfigurationError } from '../../src/errors.ts';
import { standardize, sumChannels, sumProducts } from '../../src/reference/standardize.ts';
import { expectSame, expectWithin } from '../../src/selftest/compare.ts';
import { unitRoundoff } from '../../src/selftest/tolerance.ts';
import { kerasReleases } from './keras_fixtures.ts';

const largest = (values: ArrayLike<number>) => Array.from(values).reduce((most, v) => Math.max(most, Math.abs(v)), 0);

describe.each(kerasReleases)('%s', (compat, fixture) => {
  test.each(fixture.statistics.cases.map((of) => [JSON.stringify(of.options), of.shape.join('x'), of] as const))(
    'fit with %s on %s',
    (_, __, { options, shape, images, mean, std, standardized }) => {
      const [, height, width, channels] = shape as [number, number, number, number];
      const { rescale } = options as { rescale?: number };
      const { featurewiseStdNormalization } = normalizationOf(options);
      const fitted = fitChannels(sumChannels(images, channels), { compat, rescale });
      // NumPy sums in float32.
      const off = (images.length + 8) * 2 * unitRoundoff * largest(images);
      const scale = compat === 'keras' ? (rescale ?? 1) : 1;
      expectWithin('mean', fitted.mean, mean, off * scale);
      if (std) expectWithin('std', fitted.std, std, off * scale);
      expect(std !== null).toBe(featurewiseStdNormalization);
      const how = { rescale, mean: fitted.mean, ...(featurewiseStdNormalization && { std: fitted.std }) };
      const y = standardize(images.slice(0, standardized.length), { height, width, channels }, how);
      const smallest = std ? Math.min(...std) : 1;
      expectWithin('standardized', y, Float32Array.from(standardized), (3 * off * scale) / smallest);
    },
  );

  test.each(fixture.whitenings.map((of) => [of.shape.join('x'), of.zcaEpsilon, of] as const))(
    'zcaWhitening of %s with an epsilon of %d',
    async (_, zcaEpsilon, { shape, rescale, images, mean, zcaMatrix, standardized }) => {
      const [, height, width, channels] = shape as [number, number, number, number];
      const s = { height, width, channels };
      const sums = sumProducts(images, height * width * channels);
      const fitted = await fitWhitening(sums, { compat, channels, zcaEpsilon, rescale });
      expectWithin('mean', fitted.mean, mean, 1e-12 * largest(mean));
      expectWithin('zcaMatrix', fitted.zcaMatrix, zcaMatrix, 1e-10 * largest(zcaMatrix));
      const y = standardize(images.slice(0, standardized.length), s, { rescale, ...fitted });
      expectWithin('standardized', y, standardized, 1e-9 * largest(standardized));
    },
  );
});

describe('whitening', () => {
  const random = (() => {
    let state = 1;
    return () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    };
  })();
  const s = { height: 3, width: 3, channels: 1 };
  const features = 9;
  const count = 50;

  test.each(['corrected', 'keras', 'keras-preprocessing-1.1'] as const)('%s: the output is white', async (compat) => {
    const images = Float64Array.from({ length: count * features }, random);
    const fitted = await fitWhitening(sumProducts(images, features), { compat, channels: 1, zcaEpsilon: 1e-9 });
    const white = Array.from({ length: count }, (_, n) =>
      standardize(images.subarray(n * features, (n + 1) * features), s, fitted),
    );
    const { gram } = sumProducts(
      white.flatMap((y) => [...y]),
      features,
    );
    const expected = Float64Array.from({ length: features ** 2 }, (_, i) => (i % (features + 1) === 0 ? count : 0));
    expectWithin('moment', gram, expected, 1e-6);
  });

  // Pixel 4 is the mean of the others in every image: this gives eight directions, and one of rounding errors only.
  const flat = Float64Array.from({ length: count * features }, random);
  for (let n = 0; n < count; n++) {
    const others = flat.subarray(n * features, (n + 1) * features);
    others[4] = 0;
    others[4] = others.reduce((sum, value) => sum + value, 0) / 8;
  }
  const sums = sumProducts(flat, features);
  const null_ = Float64Array.from({ length: features }, (_, i) => (i === 4 ? 8 : -1));

  test('corrected ignores a direction in which the images do not differ, where Keras divides by rounding errors', async () => {
    const gainOf = async (compat: 'corrected' | 'keras') => {
      const { zcaMatrix } = await fitWhitening(sums, { compat, channels: 1, rescale: 1 / 255 });
      const through = standardize(null_, s, { zcaMatrix });
      return largest(through) / largest(null_);
    };
    expect(await gainOf('corrected')).toBeLessThan(1e-6);
    expect(await gainOf('keras')).toBeGreaterThan(1e4);
  });

  test('corrected equals Keras if the images differ in every direction', async () => {
    const images = Float64Array.from({ length: count * features }, random);
    const of = async (compat: 'corrected' | 'keras') =>
      (await fitWhitening(sumProducts(images, features), { compat, channels: 1, zcaEpsilon: 0.5 })).zcaMatrix;
    expectSame('matrix', await of('corrected'), await of('keras'));
  });
});

test('keras-preprocessing 1.1 ignores rescale in fit', () => {
  const sums = { count: 2, sum: [10], sumOfSquares: [58] };
  const of = (compat: 'corrected' | 'keras-preprocessing-1.1') => fitChannels(sums, { compat, rescale: 0.5 });
  expectSame('corrected', [of('corrected').mean[0]!, of('corrected').std[0]!], [2.5, 1]);
  const old = of('keras-preprocessing-1.1');
  expectSame('1.1', [old.mean[0]!, old.std[0]!], [5, 2]);
});

test('the standard deviation of equal values is 0 despite rounding in the sums', () => {
  const third = 1 / 3;
  const { std } = fitChannels(
    { count: 3, sum: [3 * third], sumOfSquares: [3 * third * third - 1e-17] },
    { compat: 'keras' },
  );
  expectSame('std', std, [0]);
});

test('options imply other options', () => {
  const off = {
    samplewiseCenter: false,
    samplewiseStdNormalization: false,
    featurewiseCenter: false,
    featurewiseStdNormalization: false,
    zcaWhitening: false,
  };
  expect(normalizationOf({})).toEqual(off);
  const sample = { samplewiseStdNormalization: true };
  expect(normalizationOf(sample)).toEqual({ ...off, ...sample, samplewiseCenter: true });
  const feature = { featurewiseStdNormalization: true };
  expect(normalizationOf(feature)).toEqual({ ...off, ...feature, featurewiseCenter: true });
  const zca = { zcaWhitening: true };
  expect(normalizationOf({ ...zca, ...feature })).toEqual({ ...off, ...zca, featurewiseCenter: true });
});

test('a matrix that exceeds the buffer limit is reported with its size', () => {
  expect(() => requireWhiteningFits([32, 32, 3], 2 ** 27)).not.toThrow();
  expect(() => requireWhiteningFits([4, 4, 1], 1024)).not.toThrow();
  expect(() => requireWhiteningFits([4, 4, 1], 1023)).toThrow(ConfigurationError);
  expect(() => requireWhiteningFits([224, 224, 3], 2 ** 27)).toThrow(
    /224 x 224 x 3 images has 150528 features[\s\S]*found: [\s\S]*86436\.0 MiB[\s\S]*128\.0 MiB\): 5792 features/,
  );
});

describe('eigenvalues of a symmetric matrix', () => {
  /** X^T X of images in which every fourth pixel is black, so that some eigenvalues are 0. */
  const momentOf = (features: number, images: number) => {
    const pixel = (i: number, j: number) => (j % 4 === 3 ? 0 : Math.sin(12.9898 * i + 78.233 * j));
    return Float64Array.from({ length: features ** 2 }, (_, at) => {
      const [a, b] = [Math.floor(at / features), at % features];
      return Array.from({ length: images }, (_, i) => pixel(i, a) * pixel(i, b)).reduce((sum, term) => sum + term, 0);
    });
  };

  test.each([
    [1, 3],
    [2, 1],
    [7, 30],
    [30, 12],
    [48, 100],
  ])('%i features of %i images: the same bits as ml-matrix', (features, images) => {
    const moment = momentOf(features, images);
    const { values, vectors } = symmetricEigen(moment);
    const expected = new EigenvalueDecomposition(Matrix.from1DArray(features, features, moment), {
      assumeSymmetric: true,
    });
    expect([...values]).toEqual(expected.realEigenvalues);
    expect([...vectors]).toEqual(expected.eigenvectorMatrix.transpose().to1DArray());
  });
});
