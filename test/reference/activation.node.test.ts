import { describe, expect, test } from 'vitest';
import {
  type AnyActivation,
  activationNames,
  canDie,
  type FusedActivationName,
  flatBeyond,
  isFused,
} from '../../src/kernels/activation.ts';
import { activate, activationBackward, activationForward, derivative } from '../../src/reference/activation.ts';
import { isFlat } from '../../src/reference/health.ts';
import { dot, expectGradient, numbers } from './central_differences.ts';

const everyActivation: AnyActivation[] = [...activationNames, { name: 'leakyRelu', negativeSlope: 0.01 }];

test.each(everyActivation)('%j: gradient against central differences', (activation) => {
  const elements = 60;
  // Away from the kinks at 0, 6 and +-3.
  const x = numbers(elements, 1).map((u) => 4 * u + 0.05);
  x.set([7, -7, 5.9, 3.1, -3.1, 12, -12]);
  const dy = numbers(elements, 2);
  const shape = { elements, activation };
  const { y } = activationForward(shape, { x });
  const { dx } = activationBackward(shape, { made: isFused(activation) ? y : x, dy });
  expectGradient('x', () => dot(activationForward(shape, { x }).y, dy), x, dx);
});

describe('where an activation is flat', () => {
  const fused = activationNames.filter((name): name is FusedActivationName => isFused(name));

  /** Slopes at values on both sides of zero; the largest one is that of a bounded activation. */
  const slopes = numbers(4000, 3).map((u) => 12 * u);
  test.each(fused)('%s: values beyond its limits have little slope, values well within have more', (activation) => {
    const largest =
      activation === 'exponential'
        ? 1
        : Math.max(...[...slopes].map((z) => derivative(activation, activate(activation, z))));
    const [low, high] = flatBeyond(activation);
    const isCorner = activation === 'relu' || activation === 'relu6' || activation === 'hardSigmoid';
    const isRight = (z: number): boolean => {
      const y = activate(activation, z);
      const share = derivative(activation, y) / largest;
      if (y < low || y > high) return share <= (activation === 'sigmoid' ? 0.0401 : 0.0201);
      if (!isCorner) return share > 0.0199;
      return share === 1 || (y === 0 && canDie(activation));
    };
    expect([...slopes].filter((z) => !isRight(z))).toEqual([]);
  });

  test.each(activationNames)('%s: gradient health counts the same', (activation) => {
    const [low, high] = flatBeyond(activation).map(Math.fround) as [number, number];
    for (const limit of [low, high].filter(Number.isFinite)) {
      const next = (direction: number) => limit + direction * Math.max(2 ** -149, Math.abs(limit) * 2 ** -23);
      for (const y of [limit, next(1), next(-1)]) expect(isFlat(y, activation)).toBe(y < low || y > high);
    }
    for (const u of numbers(200, 5)) expect(isFlat(7 * u, activation)).toBe(7 * u < low || 7 * u > high);
  });
});

test('units of relu and relu6 can die, and no others', () => {
  expect(activationNames.filter(canDie)).toEqual(['relu', 'relu6']);
});

test('gelu far out in its tails', () => {
  // 20-digit values of the normal distribution function at -5.9, -6.1 and -10.
  expect(activate('gelu', -5.9) / -5.9).toBeCloseTo(1.8175e-9, 12);
  expect(activate('gelu', -6.1) / -6.1 / 5.3034e-10).toBeCloseTo(1, 3);
  expect(activate('gelu', -10) / -10 / 7.6199e-24).toBeCloseTo(1, 3);
  expect(activate('gelu', 10)).toBe(10);
});
