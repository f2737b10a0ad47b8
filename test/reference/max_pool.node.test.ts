import { expect, test } from 'vitest';
import type { MaxPoolShape } from '../../src/kernels/max_pool.ts';
import { maxPoolBackward, maxPoolForward } from '../../src/reference/max_pool.ts';
import { dot, expectGradient, numbers } from './central_differences.ts';

const control: MaxPoolShape = {
  batch: 2,
  inHeight: 5,
  inWidth: 6,
  channels: 3,
  outHeight: 2,
  outWidth: 3,
  poolHeight: 2,
  poolWidth: 2,
  strideY: 2,
  strideX: 2,
  padTop: 0,
  padLeft: 0,
};

test.each<[string, Partial<MaxPoolShape>]>([
  ['the control, whose last row is dropped', {}],
  ['windows that overlap', { poolHeight: 3, poolWidth: 3, strideY: 1, strideX: 2, outHeight: 3, outWidth: 2 }],
  ['gaps between windows', { strideY: 3, strideX: 3, outHeight: 2, outWidth: 2 }],
  ['padding', { poolHeight: 3, poolWidth: 3, padTop: 1, padLeft: 1, outHeight: 3, outWidth: 3 }],
])('gradient against central differences: %s', (_, departure) => {
  const s = { ...control, ...departure };
  const x = numbers(s.batch * s.inHeight * s.inWidth * s.channels, 1);
  const dy = numbers(s.batch * s.outHeight * s.outWidth * s.channels, 2);
  const { argmax } = maxPoolForward(s, { x });
  expectGradient('x', () => dot(maxPoolForward(s, { x }).y, dy), x, maxPoolBackward(s, { dy, argmax }).dx);
});

const small = { ...control, batch: 1, channels: 1, inHeight: 2, inWidth: 2, outHeight: 1, outWidth: 1 };

test('of equal elements the first wins', () => {
  expect(maxPoolForward(small, { x: [1, 7, 7, 7] })).toEqual({ y: Float64Array.of(7), argmax: Uint8Array.of(1) });
  expect(maxPoolForward(small, { x: [0, 0, 0, 0] }).argmax[0]).toBe(0);
  expect(maxPoolForward(small, { x: Array(4).fill(-Infinity) }).argmax[0]).toBe(0);
});

test('padding never wins, not even over negative numbers', () => {
  const s = { ...small, poolHeight: 3, poolWidth: 3, padTop: 1, padLeft: 1 };
  expect(maxPoolForward(s, { x: [-5, -3, -4, -3] })).toEqual({ y: Float64Array.of(-3), argmax: Uint8Array.of(5) });
});
