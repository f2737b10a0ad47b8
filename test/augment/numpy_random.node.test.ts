import { expect, test } from 'vitest';
import { NumpyRandom } from '../../src/augment/numpy_random.ts';
import fixture from '../fixtures/numpy_random.json';

type Call = readonly [name: string, given: unknown[], result: unknown];

/** Compares JSON objects structurally, and floats exactly. */
test.each(fixture.programs)(
  'seed $seed: the same calls give the same numbers as NumPy',
  ({ seed, calls, skip = 0 }) => {
    const random = new NumpyRandom(seed);
    for (let i = 0; i < skip; i++) random.random();
    const play = (name: string, given: readonly unknown[]): unknown => {
      const [a, b] = given as [number, number];
      if (name === 'random') return random.random();
      if (name === 'uniform') return random.uniform(a, b);
      if (name === 'choice') return random.choice(a);
      if (name === 'permutation') return [...random.permutation(a)];
      throw new Error(`the fixture calls ${name}`);
    };
    const played = (calls as unknown as Call[]).map(([name, given]) => [name, given, play(name, given)]);
    expect(played).toEqual(calls);
  },
);

test('calling seed restarts the sequence', () => {
  const random = new NumpyRandom(5);
  const first = [random.random(), random.choice(9), random.random()];
  expect([random.random(), random.choice(9), random.random()]).not.toEqual(first);
  random.seed(5);
  expect([random.random(), random.choice(9), random.random()]).toEqual(first);
});
