import { describe, expect, test } from 'vitest';
import type { DropoutShape } from '../../src/kernels/dropout.ts';
import { dropoutBackward, dropoutForward, dropoutMask, gaussianNoise } from '../../src/reference/dropout.ts';
import type { State } from '../../src/reference/step.ts';
import { dot, expectGradient, numbers } from './central_differences.ts';

const state: State = { seed: 12, epoch: 1, start: 8 };
const control: DropoutShape = { batch: 8, elements: 500, layer: 1, rate: 0.3 };
const count = control.batch * control.elements;

/**
 * Requires a fraction to be plausible: among independent samples it deviates this far once in 10^9 times (6.1 standard deviations).
 */
function expectShare(found: number, of: number, p: number): void {
  expect(Math.abs(found - p * of)).toBeLessThan(6.1 * Math.sqrt(of * p * (1 - p)));
}

const dropped = (mask: readonly boolean[]) => mask.filter((kept) => !kept).length;

test.each([0.01, 0.1, 0.3, 0.5, 0.9])('a rate of %f drops that fraction', (rate) => {
  expectShare(dropped(dropoutMask({ ...control, rate }, state)), count, rate);
});

test('a rate of zero drops nothing', () => {
  const x = numbers(count, 1);
  expect(dropoutForward({ ...control, rate: 0 }, { x, state }).y).toEqual(x);
});

test('kept numbers are scaled so that the mean is unchanged', () => {
  const { y } = dropoutForward(control, { x: Array(count).fill(1), state });
  for (const value of y) expect([0, 1 / 0.7]).toContain(value);
  const mean = y.reduce((sum, value) => sum + value, 0) / count;
  expect(Math.abs(mean - 1)).toBeLessThan(6.1 * Math.sqrt(0.3 / 0.7 / count));
});

test('gradient against central differences', () => {
  const s = { ...control, batch: 2, elements: 15 };
  const x = numbers(30, 1);
  const dy = numbers(30, 2);
  expectGradient('x', () => dot(dropoutForward(s, { x, state }).y, dy), x, dropoutBackward(s, { dy, state }).dx);
});

describe('masks are independent', () => {
  const mask = dropoutMask(control, state);
  /** Two independent masks agree in a fraction of p^2 + (1 - p)^2. */
  const expectIndependent = (a: readonly boolean[], b: readonly boolean[]) => {
    const agreed = a.filter((kept, i) => kept === b[i]).length;
    expectShare(agreed, a.length, 0.3 ** 2 + 0.7 ** 2);
  };

  test.each<[string, Partial<DropoutShape>, State]>([
    ['of the next batch', {}, { start: state.start! + control.batch }],
    ['of the next sample', {}, { start: state.start! + 1 }],
    ['of the next epoch', {}, { epoch: 2 }],
    ['of another seed', {}, { seed: 13 }],
    ['of another layer', { layer: 2 }, {}],
  ])('%s', (_, shape, values) => {
    expectIndependent(mask, dropoutMask({ ...control, ...shape }, { ...state, ...values }));
  });

  test('of neighbors in a sample, one to five elements apart', () => {
    for (let apart = 1; apart <= 5; apart++) expectIndependent(mask.slice(apart), mask.slice(0, -apart));
  });

  test('a sample has the same mask in any batch', () => {
    const second = dropoutMask({ ...control, batch: 1 }, { ...state, start: state.start! + 1 });
    expect(mask.slice(500, 1000)).toEqual(second);
  });
});

describe('whole channels', () => {
  const s: DropoutShape = { batch: 60, elements: 4 * 50, layer: 1, rate: 0.3, spatialChannels: 50 };
  const mask = dropoutMask(s, state);

  test('every pixel of a sample drops the same channels, and other samples drop others', () => {
    const ofPixel = (pixel: number) => mask.filter((_, i) => Math.floor(i / 50) % 4 === pixel);
    for (let pixel = 1; pixel < 4; pixel++) expect(ofPixel(pixel)).toEqual(ofPixel(0));
    expectShare(dropped(ofPixel(0)), 60 * 50, 0.3);
    const samples = new Set(Array.from({ length: 60 }, (_, n) => mask.slice(n * 200, n * 200 + 50).join()));
    expect(samples.size).toBe(60);
  });
});

test('noise is normal: its mean, its standard deviation, and the fractions beyond one, two and three deviations', () => {
  const s = { batch: 8, elements: 500, layer: 3, standardDeviation: 2 };
  const { y } = gaussianNoise(s, { x: new Float64Array(count).fill(5), state });
  const z = [...y].map((value) => (value - 5) / 2);
  const mean = z.reduce((sum, value) => sum + value, 0) / count;
  const variance = z.reduce((sum, value) => sum + value * value, 0) / count;
  expect(Math.abs(mean)).toBeLessThan(6.1 / Math.sqrt(count));
  expect(Math.abs(variance - 1)).toBeLessThan(6.1 * Math.sqrt(2 / count));
  for (const [limit, share] of [
    [1, 0.3173105],
    [2, 0.0455003],
    [3, 0.0026998],
  ] as const) {
    expectShare(z.filter((value) => Math.abs(value) > limit).length, count, share);
  }
});
