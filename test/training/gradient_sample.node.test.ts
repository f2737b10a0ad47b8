import { expect, test } from 'vitest';
import { cosine, exponentsOf, meanGradient, squaredNorm } from '../../src/health/gradient_sample.ts';

test('the mean of parts, tensor by tensor, in float64', () => {
  const parts = [
    [Float32Array.of(1, 2), Float32Array.of(1e-30)],
    [Float32Array.of(3, -4), Float32Array.of(3e-30)],
  ];
  const [first, second] = meanGradient(parts);
  expect([...first!]).toEqual([2, -1]);
  expect(second![0]! / 2e-30).toBeCloseTo(1, 6);
  expect(squaredNorm([first!])).toBe(5);
  // In float32 the square would be zero.
  expect(squaredNorm([second!]) / 4e-60).toBeCloseTo(1, 6);
});

test('cosines: of itself, turned round, at right angles, of nothing', () => {
  const a = [Float32Array.of(3, 4), Float32Array.of(0)];
  expect(cosine(a, a)).toBe(1);
  expect(cosine(a, [Float32Array.of(-6, -8), Float32Array.of(0)])).toBe(-1);
  expect(cosine(a, [Float32Array.of(-4, 3), Float32Array.of(7)])).toBe(0);
  expect(cosine(a, [Float32Array.of(4, 3), Float32Array.of(0)])).toBeCloseTo(24 / 25, 15);
  expect(cosine(a, [Float32Array.of(0, 0), Float32Array.of(0)])).toBeNaN();
  expect(cosine(a, [Float32Array.of(Infinity, 0), Float32Array.of(0)])).toBeNaN();
});

test('histogram: bins are [2^(i - 48), 2^(i - 47)), the ends take what lies beyond, zeros apart', () => {
  const below = (power: number) => 2 ** power * (1 - 2 ** -24);
  const { exponents, zeros } = exponentsOf([
    Float64Array.of(0, -0, 1, -1, 1.5, below(1), 2, below(0)),
    Float64Array.of(2 ** -48, 2 ** -60, below(-47), 2 ** 15, 2 ** 40, Number.NaN, Infinity),
  ]);
  const counted = Object.fromEntries(exponents.map((count, i) => [i - 48, count]).filter(([, count]) => count !== 0));
  expect(zeros).toBe(2);
  expect(counted).toEqual({ '-48': 3, '-1': 1, 0: 4, 1: 1, 15: 2 });
  expect(exponents).toHaveLength(64);
});
