import { describe, expect, test } from 'vitest';
import { drawKeras, type KerasRanges } from '../../src/augment/keras_draws.ts';
import { NumpyRandom } from '../../src/augment/numpy_random.ts';
import { drawOf, kerasReleases } from './keras_fixtures.ts';

describe.each(kerasReleases)('%s', (_, fixture) => {
  test.each(fixture.draws.map((draw) => [JSON.stringify(draw.ranges), draw.shape.join('x'), draw] as const))(
    '%s on %s: the parameters equal those of get_random_transform bit for bit',
    (_, __, { ranges, shape, seed, parameters }) => {
      const random = new NumpyRandom(seed);
      const [height, width] = shape as [number, number];
      const drawn = parameters.map(() => drawKeras(random, ranges as KerasRanges, height, width));
      expect(drawn).toStrictEqual(parameters.map(drawOf));
    },
  );
});

test('the fixtures contain every kind of range', () => {
  const named = new Set(kerasReleases[0][1].draws.flatMap(({ ranges }) => Object.keys(ranges)));
  expect(named.size).toBe(9);
});
