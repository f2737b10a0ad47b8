import { describe, expect, test } from 'vitest';
import { logRange, logTicks, roomFor, roundTop, tickText } from '../../src/page/plots/axes.ts';
import { Curves, mostRows } from '../../src/page/plots/curves.ts';
import { nonFiniteMark, zeroMark } from '../../src/page/plots/layer_curves.ts';
import { decadesFor, rampColor } from '../../src/page/plots/ramp.ts';

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
  test('one row per step; the loss is averaged linearly, norms by their logarithms', () => {
    const curves = new Curves();
    curves.addStep(step(1, 1, 0.01));
    curves.addStep(step(2, 3, 100));
    expect(curves.steps).toEqual([1, 2]);
    expect(curves.loss).toMatchObject({ each: [1, 3], mean: [1, 2] });
    expect(curves.normOf('dense').each).toEqual([0.01, 100]);
    expect(curves.normOf('dense').mean[1]).toBeCloseTo(1, 12);
  });

  test('values without a position on the axis are gaps and not part of a mean', () => {
    const curves = new Curves();
    for (const [i, norm] of [2, 0, Number.NaN, Number.POSITIVE_INFINITY].entries()) {
      curves.addStep(step(i + 1, i ? Number.NaN : 5, norm));
    }
    expect(curves.loss).toMatchObject({ each: [5, null, null, null], mean: [5, 5, 5, 5] });
    expect(curves.normOf('dense').each).toEqual([2, null, null, null]);
    expect(curves.normOf('dense').mean[3]).toBeCloseTo(2, 12);
  });

  test('a run that has ended has as many rows as a twin that is still running, with nothing in the additional ones', () => {
    const [ended, other] = [new Curves(), new Curves()];
    for (let i = 1; i <= mostRows + 10; i++) {
      other.addStep(step(i, 1, 1));
      if (i <= 3) ended.addStep(step(i, 5, 2));
      else ended.addGap(i);
    }
    expect(ended.steps).toEqual(other.steps);
    for (const curve of [ended.loss, ended.normOf('dense')]) {
      expect([curve.each.length, curve.mean.length]).toEqual([other.steps.length, other.steps.length]);
      expect(
        curve.each
          .slice(2)
          .concat(curve.mean.slice(2))
          .every((value) => value === null),
      ).toBe(true);
    }
    expect([...ended.loss.each.slice(0, 2), ...ended.loss.mean.slice(0, 2)]).toEqual([5, 5, 5, 5]);
  });

  test('the smoothed curve averages as many steps as the axis requires', () => {
    const curves = new Curves();
    for (let i = 0; i < 30; i++) curves.addStep(step(i + 1, i < 10 ? 1000 : 1, 1));
    expect(curves.loss.mean[28]).toBeCloseTo((1000 + 19) / 20, 9);
    expect(curves.loss.mean[29]).toBe(1);
    expect(curves.smooth(499)).toBe(20);
    expect(curves.loss.mean[29]).toBe(1);
    expect(curves.smooth(1500)).toBe(20);
    expect(curves.loss.mean[24]).toBeCloseTo((5 * 1000 + 15) / 20, 9);
    expect(curves.smooth(3125)).toBe(25);
    expect(curves.loss.mean[24]).toBeCloseTo((10 * 1000 + 15) / 25, 9);
    for (let i = 0; i < 7; i++) curves.addStep(step(31 + i, 1, 1));
    expect(curves.loss.mean[36]).toBe(1);
    // Twice as often as necessary.
    expect(curves.loss.mean.flatMap((mean, i) => (mean === null ? [] : [i]))).toEqual([0, 12, 24, 36]);
  });

  test('the validation is at the last step, and an epoch begins at its first', () => {
    const curves = new Curves();
    curves.addStep(step(1, 1, 1));
    curves.addStep(step(2, 1, 1));
    curves.addValidation(0.5, 0.9);
    curves.addStep(step(3, 1, 1, 2));
    expect(curves.validationLoss).toEqual([null, 0.5, null]);
    expect(curves.validationAccuracy).toEqual([null, 0.9, null]);
    expect(curves.epochs).toEqual([3]);
  });

  test('a plot may request a layer before the first step', () => {
    const curves = new Curves();
    const { each } = curves.normOf('dense');
    curves.addStep(step(1, 1, 7));
    expect(each).toEqual([7]);
  });
});

describe('a run with more steps than rows', () => {
  const steps = 2.5 * mostRows;
  const norms = Array.from({ length: steps }, (_, i) => 10 ** (Math.sin(i) + i / steps));
  const curves = new Curves();
  norms.forEach((norm, i) => {
    if (i === 3001) curves.addValidation(0.25, 0.5);
    curves.addStep(step(i + 1, 2 + Math.cos(i), i === 4000 ? Number.NaN : i === 5000 ? 0 : norm, i < 3000 ? 1 : 2));
  });
  const { norm } = curves.layerOf('dense');

  test('has one row for every four steps, with equally long columns', () => {
    expect(curves.span).toBe(4);
    expect(curves.steps).toEqual(Array.from({ length: steps / 4 }, (_, i) => 4 * i + 4));
    for (const column of [
      curves.loss.each,
      curves.loss.mean,
      curves.validationLoss,
      norm.each,
      norm.mean,
      norm.marks,
    ]) {
      expect(column.length).toBe(steps / 4);
    }
    expect([1, 4, 5, steps].map((it) => curves.rowOf(it))).toEqual([0, 0, 1, steps / 4 - 1]);
  });

  test('noise keeps its width: rows alternate between minimum and maximum', () => {
    const of = (row: number) => [0, 1, 2, 3].map((i) => 2 + Math.cos(4 * row + i));
    const { each } = curves.loss;
    // Rows that were merged from halves have at least the extremes of every second step.
    for (let row = 0; row < each.length; row += 2) {
      expect(of(row)).toContain(each[row]);
      expect(of(row + 1)).toContain(each[row + 1]);
    }
    const recent = each.length - 10;
    expect(each[recent]).toBe(Math.min(...of(recent)));
    expect(each[recent + 1]).toBe(Math.max(...of(recent + 1)));
    const width = (values: readonly number[]) => Math.max(...values) - Math.min(...values);
    expect(width(each.slice(100, 200) as number[])).toBeGreaterThan(1.9);
  });

  test('means include all steps', () => {
    const logs = norms.slice(400, 800).map((it) => Math.log10(it));
    const mean = logs.reduce((a, b) => a + b, 0) / logs.length;
    expect(Math.log10(norm.meanOf(100, 200)!)).toBeCloseTo(mean, 9);
    // The smoothing window consists of whole rows: 10 of them are closest to 41 steps.
    expect(curves.smooth(steps)).toBe(41);
    const row = curves.loss.mean.findLastIndex((it) => it !== null);
    const losses = Array.from({ length: 40 }, (_, i) => 2 + Math.cos(4 * (row - 9) + i));
    expect(row).toBeGreaterThan(steps / 4 - 6);
    expect(curves.loss.mean[row]).toBeCloseTo(losses.reduce((a, b) => a + b, 0) / 40, 9);
  });

  test('values of single steps are kept: validation, zeros and non-finite numbers', () => {
    expect(curves.validationLoss.flatMap((it, row) => (it === null ? [] : [[row, it]]))).toEqual([[750, 0.25]]);
    expect(curves.epochs).toEqual([3001]);
    const marked = norm.marks.flatMap((mark, row) => (mark ? [[row, mark]] : []));
    expect(marked).toEqual([
      [1000, nonFiniteMark],
      [1250, zeroMark],
    ]);
    expect([norm.least, norm.most]).toEqual([Math.min(...norms), Math.max(...norms)]);
  });
});

describe('the ramp', () => {
  test('increases in lightness from end to end, so that gray prints keep its order', () => {
    const lightness = Array.from({ length: 101 }, (_, i) => {
      const color = rampColor(i / 100);
      const [red, green, blue] = [0, 8, 16].map((shift) => (((color >>> shift) & 255) / 255) ** 2.2) as [
        number,
        number,
        number,
      ];
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    });
    for (let i = 1; i <= 100; i++) expect(lightness[i]).toBeGreaterThan(lightness[i - 1]!);
    expect(rampColor(-1)).toBe(rampColor(0));
    expect(rampColor(2)).toBe(rampColor(1));
    expect(rampColor(0).toString(16)).toBe('ff540144');
  });

  test('covers the usual decades, and more if values are beyond them', () => {
    expect(decadesFor(0.1, 2)).toEqual([-5, 3]);
    expect(decadesFor(3e-8, 2)).toEqual([-8, 3]);
    expect(decadesFor(1, 5e6)).toEqual([-5, 7]);
    expect(decadesFor(1e-30, 1e30)).toEqual([-12, 12]);
    expect(decadesFor(Infinity, 0)).toEqual([-5, 3]);
  });
});

describe('axes', () => {
  test('the axis of steps doubles, and ends with the run', () => {
    expect([0, 50, 51, 300, 626].map((it) => roomFor(it, 626))).toEqual([50, 50, 100, 400, 626]);
    expect(roomFor(1, 1)).toBe(2); // The axis of a single step has no length.
  });

  test('a logarithmic axis ranges between round numbers and covers at least a decade', () => {
    expect(logRange(0.13, 2.3)).toEqual([0.1, 5]);
    expect(logRange(0.2, 0.2)).toEqual([0.2, 2]);
    expect(logRange(3e-9, 40)).toEqual([2e-9, 50]);
    expect(logRange(0.06, 100)).toEqual([0.05, 100]);
    expect(logRange(null, null)).toEqual([0.01, 10]);
  });

  test('the ticks are few round numbers', () => {
    expect(logTicks(0.1, 5)).toEqual([0.1, 0.2, 0.5, 1, 2, 5]);
    expect(logTicks(1e-4, 10)).toEqual([1e-4, 1e-3, 1e-2, 0.1, 1, 10]);
    expect(logTicks(1e-30, 1e10).length).toBeLessThanOrEqual(9);
    expect(logTicks(0.01, 10, 5)).toEqual([0.01, 0.1, 1, 10]);
    expect(logTicks(0.2, 2, 5)).toEqual([0.2, 0.5, 1, 2]);
    expect(logTicks(1e-9, 1, 4)).toEqual([1e-9, 1e-6, 1e-3, 1]);
    expect([0, 0.05, 1000, 1e-7, 2e5].map(tickText)).toEqual(['0', '0.05', '1000', '10⁻⁷', '2 × 10⁵']);
    // Five times 1e-6 is not exactly 5e-6.
    expect(logTicks(5e-7, 5e-6).map(tickText)).toEqual(['5 × 10⁻⁷', '10⁻⁶', '2 × 10⁻⁶', '5 × 10⁻⁶']);
  });

  test('the top of an axis is a round number', () => {
    expect([2.76, 2.3, 480, 0.0101, 1, 10, 8.5].map(roundTop)).toEqual([3, 2.5, 500, 0.015, 1, 10, 10]);
  });
});
