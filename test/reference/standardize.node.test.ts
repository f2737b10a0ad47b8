import { describe, expect, test } from 'vitest';
import { type Standardization, standardize, sumChannels, sumProducts } from '../../src/reference/standardize.ts';
import { expectSame, expectWithin } from '../../src/selftest/compare.ts';
import { unitRoundoff } from '../../src/selftest/tolerance.ts';
import { kerasReleases } from '../augment/keras_fixtures.ts';

describe.each(kerasReleases)('%s', (_, fixture) => {
  test.each(fixture.samplewise.map((of) => [JSON.stringify(of.options), of] as const))(
    'standardize with %s',
    (_, { options, image, y }) => {
      const [height, width, channels] = image.shape as [number, number, number];
      const x = Float32Array.from(image.values);
      const how = { ...(options as Standardization) };
      // normalizationOf turns it on, too.
      if (how.samplewiseStdNormalization) how.samplewiseCenter = true;
      const actual = standardize(x, { height, width, channels }, how);
      // NumPy sums in float32, and dividing by the std scales the remaining error; here the std is above a quarter of the range.
      const scale = how.rescale ?? 1;
      const off = (x.length + 8) * 2 * unitRoundoff * 255 * scale;
      expectWithin('y', actual, Float32Array.from(y), how.samplewiseStdNormalization ? off / (64 * scale) : off);
    },
  );
});

test('sums over the channels and over the products of features', () => {
  // Two images of 1 x 2 x 2.
  const images = [1, 2, 3, 4, 5, 6, 7, 8];
  const channels = sumChannels(images, 2);
  expect(channels.count).toBe(4);
  expectSame('sum', channels.sum, [16, 20]);
  expectSame('squares', channels.sumOfSquares, [84, 120]);
  const products = sumProducts(images, 4);
  expect(products.count).toBe(2);
  expectSame('sum', products.sum, [6, 8, 10, 12]);
  expectSame('gram', products.gram, [26, 32, 38, 44, 32, 40, 48, 56, 38, 48, 58, 68, 44, 56, 68, 80]);
});
