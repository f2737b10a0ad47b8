import { describe, expect, test } from 'vitest';
import { logRange, logTicks, roomFor, tickText } from '../../src/page/plots/axes.ts';
import { Curves } from '../../src/page/plots/curves.ts';

const step = (step: number, loss: number, norm: number, epoch = 1) => ({
  step,
  epoch,
  loss,
  accuracy: 0,
  samples: 32,
  skipped: false,
  gradientNorms: { dense: norm },
});

describe('curves', () => {
  test('a row a step; the loss is averaged as it is, norms by their logarithms', () => {
    const curves = new Curves();
    curves.addStep(step(1, 1, 0.01));
    curves.addStep(step(2, 3, 100));
    expect(curves.steps).toEqual([1, 2]);
    expect(curves.loss).toMatchObject({ each: [1, 3], mean: [1, 2] });
    expect(curves.normOf('dense').each).toEqual([0.01, 100]);
    expect(curves.normOf('dense').mean[1]).toBeCloseTo(1, 12);
  });

  test('what no axis has a place for is a gap, and no part of a mean', () => {
    const curves = new Curves();
    for (const [i, norm] of [2, 0, Number.NaN, Number.POSITIVE_INFINITY].entries()) {
      curves.addStep(step(i + 1, i ? Number.NaN : 5, norm));
    }
    expect(curves.loss).toMatchObject({ each: [5, null, null, null], mean: [5, 5, 5, 5] });
    expect(curves.normOf('dense').each).toEqual([2, null, null, null]);
    expect(curves.normOf('dense').mean[3]).toBeCloseTo(2, 12);
  });

  test('the smoothed curve looks back over as many steps as the axis asks for', () => {
    const curves = new Curves();
    for (let i = 0; i < 30; i++) curves.addStep(step(i + 1, i < 10 ? 1000 : 1, 1));
    expect(curves.loss.mean[28]).toBeCloseTo((1000 + 19) / 20, 9);
    expect(curves.loss.mean[29]).toBe(1);
    expect(curves.smooth(626)).toBe(20);
    expect(curves.loss.mean[29]).toBe(1);
    expect(curves.smooth(3125)).toBe(25);
    expect(curves.loss.mean[28]).toBeCloseTo((6 * 1000 + 19) / 25, 9);
    for (let i = 0; i < 3; i++) curves.addStep(step(31 + i, 1, 1));
    expect(curves.loss.mean[32]).toBeCloseTo((2 * 1000 + 23) / 25, 9);
    // One point a pixel, or nearly so.
    expect(curves.loss.mean.flatMap((mean, i) => (mean === null ? [] : [i]))).toEqual([
      0, 4, 8, 12, 16, 20, 24, 28, 32,
    ]);
  });

  test('validation stands at the step that was last, an epoch begins at its first', () => {
    const curves = new Curves();
    curves.addStep(step(1, 1, 1));
    curves.addStep(step(2, 1, 1));
    curves.addValidation(0.5, 0.9);
    curves.addStep(step(3, 1, 1, 2));
    expect(curves.validationLoss).toEqual([null, 0.5, null]);
    expect(curves.validationAccuracy).toEqual([null, 0.9, null]);
    expect(curves.epochs).toEqual([3]);
  });

  test('a plot may ask for a layer before its first step', () => {
    const curves = new Curves();
    const { each } = curves.normOf('dense');
    curves.addStep(step(1, 1, 7));
    expect(each).toEqual([7]);
  });
});

describe('axes', () => {
  test('the axis of steps doubles, and ends with the run', () => {
    expect([0, 50, 51, 300, 626].map((it) => roomFor(it, 626))).toEqual([50, 50, 100, 400, 626]);
    expect(roomFor(1, 1)).toBe(2); // an axis of one step has no length
  });

  test('a logarithmic axis goes from a round number to another, a decade or more', () => {
    expect(logRange(0.13, 2.3)).toEqual([0.1, 5]);
    expect(logRange(0.2, 0.2)).toEqual([0.2, 2]);
    expect(logRange(3e-9, 40)).toEqual([2e-9, 50]);
    expect(logRange(0.06, 100)).toEqual([0.05, 100]);
    expect(logRange(null, null)).toEqual([0.01, 10]);
  });

  test('its ticks are round, and few', () => {
    expect(logTicks(0.1, 5)).toEqual([0.1, 0.2, 0.5, 1, 2, 5]);
    expect(logTicks(1e-4, 10)).toEqual([1e-4, 1e-3, 1e-2, 0.1, 1, 10]);
    expect(logTicks(1e-30, 1e10).length).toBeLessThanOrEqual(9);
    expect([0, 0.05, 1000, 1e-7, 2e5].map(tickText)).toEqual(['0', '0.05', '1000', '1e-7', '2e+5']);
  });
});
