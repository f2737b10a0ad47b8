import { describe, expect, test } from 'vitest';
import { firstNonFinite } from '../../src/health/health_record.ts';

type Bad = Partial<Record<'activations' | 'deltas' | 'gradients' | 'weights', number>> & { gradientNorm?: number };

const layersOf = (bad: Record<string, Bad>) =>
  Object.fromEntries(
    ['conv2d', 'dense', 'dense_1'].map((name) => {
      const { gradientNorm = 1, ...counts } = bad[name] ?? {};
      return [name, { gradientNorm, nonFinite: { activations: 0, deltas: 0, gradients: 0, weights: 0, ...counts } }];
    }),
  );

describe('the first number that is not finite, in the order of computation', () => {
  const everything = { activations: 3, deltas: 3, gradients: 3, weights: 3, gradientNorm: Number.NaN };
  test.each<[string, Record<string, Bad>, boolean, object | undefined]>([
    ['none', {}, true, undefined],
    [
      'outputs from the first layer on',
      { dense: everything, dense_1: everything },
      false,
      { layer: 'dense', pass: 'forward' },
    ],
    [
      '... before all that is behind them',
      { conv2d: everything, dense: everything },
      false,
      { layer: 'conv2d', pass: 'forward' },
    ],
    [
      "the last layer's outputs before the loss",
      { dense_1: { activations: 1 } },
      false,
      { layer: 'dense_1', pass: 'forward' },
    ],
    [
      'the loss, before gradients and weights',
      { conv2d: { deltas: 1, weights: 1 }, dense_1: { gradients: 1 } },
      false,
      { layer: 'dense_1', pass: 'loss' },
    ],
    [
      'gradients from the last layer back, before weights',
      { conv2d: { gradients: 2, weights: 1 }, dense: { gradients: 1 } },
      true,
      { layer: 'dense', pass: 'gradient' },
    ],
    [
      '... deltas as well',
      { conv2d: { gradients: 1 }, dense: { deltas: 1 } },
      true,
      { layer: 'dense', pass: 'gradient' },
    ],
    [
      'gradients that are too large to square',
      { dense: { gradientNorm: Infinity } },
      true,
      { layer: 'dense', pass: 'gradient' },
    ],
    [
      'weights after the update, from the first layer on',
      { dense: { weights: 1 }, dense_1: { weights: 9 } },
      true,
      { layer: 'dense', pass: 'update' },
    ],
  ])('%s', (_, bad, lossIsFinite, found) => {
    expect(firstNonFinite(layersOf(bad), lossIsFinite)).toEqual(found);
  });
});
