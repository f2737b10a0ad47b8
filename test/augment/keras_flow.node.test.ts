import { describe, expect, test } from 'vitest';
import { type KerasBatch, KerasFlow, kerasEpoch, kerasFitDraws } from '../../src/augment/keras_flow.ts';
import { kerasSubset } from '../../src/augment/keras_subset.ts';
import { ConfigurationError } from '../../src/errors.ts';
import jax from '../fixtures/keras_fit_jax.json';
import tensorflow from '../fixtures/keras_fit_tensorflow.json';
import { drawOf, type FlowFixture, kerasReleases } from './keras_fixtures.ts';

const plain = ({ order, parameters }: KerasBatch) => ({ order: [...order], parameters });
const expected = ({ order, parameters }: FlowFixture['epochs'][number]) => ({
  order,
  parameters: parameters.map(drawOf),
});

describe.each(kerasReleases)('%s', (_, fixture) => {
  const flows = fixture.flows as unknown as (FlowFixture & { path: 'next' | 'getItem' })[];
  const titled = flows.map((flow) => [`${flow.samples} by ${flow.batchSize}, ${flow.path}`, flow] as const);

  test.each(titled)('%s: consecutive batches, requested as Keras does', (_, { path, epochs, ...options }) => {
    const flow = new KerasFlow(options);
    for (const epoch of epochs) {
      const batches = Array.from({ length: flow.batches }, (_, i) => (path === 'next' ? flow.next() : flow.getItem(i)));
      if (path === 'getItem') flow.endEpoch();
      expect(batches.map(({ order }) => order.length).reduce((a, b) => a + b)).toBe(options.samples);
      expect(batches.flatMap(({ order }) => [...order])).toEqual(epoch.order);
      expect(batches.flatMap(({ parameters }) => parameters)).toStrictEqual(epoch.parameters.map(drawOf));
    }
  });

  test.each(titled)('%s: single epochs, starting with the last', (_, { path, epochs, ...options }) => {
    const by = path === 'next' ? ({ by: 'next' } as const) : ({ by: 'fit', looked: 0 } as const);
    for (const epoch of [2, 1, 0]) {
      expect(plain(kerasEpoch(options, by, epoch))).toStrictEqual(expected(epochs[epoch]!));
    }
  });

  test('fit(augment=True) samples `rounds` passes over the images', () => {
    const { parameters, rounds, ...options } = fixture.statistics.augmented;
    expect(kerasFitDraws(options, rounds)).toStrictEqual(parameters.map(drawOf));
  });

  test.each(fixture.subsets.splits)('of $samples samples, $validationSplit for validation', (split) => {
    for (const subset of ['training', 'validation'] as const) {
      const { start, count } = kerasSubset(subset, split.validationSplit, split.samples);
      expect(Array.from({ length: count }, (_, i) => start + i)).toEqual(split[subset]);
    }
  });

  test.each(fixture.subsets.classes)('classes $labels divided into halves', ({ labels, validationSplit, agree }) => {
    const split = () => kerasSubset('training', validationSplit, labels.length, { labels });
    if (agree) expect(split()).toEqual({ start: labels.length / 2, count: labels.length / 2 });
    else expect(split).toThrow(/different classes[\s\S]*found: [\s\S]*shuffle/);
    expect(kerasSubset('training', validationSplit, labels.length, { labels, ignoreClassSplit: true }).start).toBe(
      labels.length / 2,
    );
  });
});

describe.each([
  ['JAX', jax, 1],
  ['TensorFlow', tensorflow, 2],
] as const)('model.fit of Keras 3 on %s', (_, { fits }, looked) => {
  test.each(fits as unknown as FlowFixture[])('$samples by $batchSize', ({ epochs, ...options }) => {
    epochs.forEach((epoch, i) => {
      expect(plain(kerasEpoch(options, { by: 'fit', looked }, i))).toStrictEqual(expected(epoch));
    });
  });
});

const options = { ranges: {}, imageShape: [2, 2, 1], samples: 10, batchSize: 4, seed: 0 };

test.each([
  [{ samples: 0 }, /samples is invalid[\s\S]*found: 0/],
  [{ batchSize: 1.5 }, /batchSize is invalid[\s\S]*found: 1\.5/],
  [{ seed: -1 }, /Invalid seed for NumPy[\s\S]*found: -1/],
  [{ seed: 0.5 }, /found: 0\.5/],
])('%j is reported', (wrong, message) => {
  expect(() => new KerasFlow({ ...options, ...wrong })).toThrow(message);
  expect(() => new KerasFlow({ ...options, ...wrong })).toThrow(ConfigurationError);
});

test('a seed that grows too large with the batches is reported, as NumPy does', () => {
  const large = { ...options, seed: 2 ** 32 - 4 };
  expect(kerasEpoch(large, { by: 'next' }, 0).order).toHaveLength(10);
  expect(() => kerasEpoch(large, { by: 'next' }, 1)).toThrow(/found: 4294967296/);
});

test.each([0, 1, -0.1, Number.NaN])('a validationSplit of %d is rejected', (validationSplit) => {
  expect(() => kerasSubset('validation', validationSplit, 10)).toThrow(/needs a validationSplit/);
});
