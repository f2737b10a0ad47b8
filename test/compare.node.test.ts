import { expect, test } from 'vitest';
import { expectSame, expectWithin } from '../src/selftest/compare.ts';
import { boundOf, tolerances, unitRoundoff } from '../src/selftest/tolerance.ts';

test('within the bound', () => {
  expect(expectWithin('y', [1, 2.5], [1, 2], 1)).toBe(0.5);
  expect(expectWithin('y', [1, 2.5], [1, 2], [0, 0.5])).toBe(1);
  expect(expectWithin('y', [Infinity], [Infinity], 0)).toBe(0);
  expect(expectWithin('y', [], [], 0)).toBe(0);
});

test('the message names the worst element', () => {
  expect(() => expectWithin('y', [1, 2, 9, 4], [1, 0, 1, 4], 1)).toThrow('y[2] is 9, expected 1: off by 8.00 times');
  expect(() => expectWithin('y', [1, 2, 9, 4], [1, 0, 1, 4], 1)).toThrow('2 of 4 elements');
});

test.each([
  ['NaN where a number is expected', [Number.NaN, 5], [1, 1], 1],
  ['a number where NaN is expected', [5, 1], [1, Number.NaN], 1],
  ['a bound that is NaN', [5], [1], Number.NaN],
  ['an infinity', [Infinity], [1], 1e300],
  ['the wrong infinity', [Infinity], [-Infinity], 1],
  ['an element too few', [1], [1, 1], 1],
  ['a bound too few', [1, 1], [1, 1], [1]],
] as const)('%s fails', (_, actual, expected, bound) => {
  expect(() => expectWithin('y', actual, expected, bound)).toThrow(/y/);
});

test('NaN is the worst error', () => {
  expect(() => expectWithin('y', [9, Number.NaN, 99], [1, 1, 1], 1)).toThrow('y[1] is NaN');
});

test('the same bits', () => {
  expectSame('y', new Float32Array([1, 2]), [1, 2]);
  expect(() => expectSame('y', [1 + 2 ** -50], [1])).toThrow('y[0]');
});

test('the error bound of a sum', () => {
  const [bound] = boundOf(tolerances.conv2d_forward, [0.5], { terms: 9, magnitude: [3] });
  expect(bound).toBeCloseTo(2 * 9 * 3 * unitRoundoff, 20);
  expect(() => boundOf(tolerances.conv2d_forward, [0.5], { terms: 9 })).toThrow('magnitude');
  expect([...boundOf(tolerances.max_pool_forward, [3, 4])]).toEqual([0, 0]);
});
