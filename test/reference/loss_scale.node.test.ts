import { describe, expect, test } from 'vitest';
import { uniforms } from '../../src/model/initializers.ts';
import { adaptLossScale } from '../../src/reference/loss_scale.ts';

/**
 * The update of PyTorch's GradScaler (`_amp_update_scale_`), for its growth and backoff factors 2 and 0.5: the growth tracker is reset by an
 * overflow and by growth, and a scale that would become infinite stays.
 */
function gradScaler(overflows: readonly boolean[], scale: number, interval: number): number[] {
  let tracker = 0;
  return overflows.map((foundInf) => {
    if (foundInf) {
      scale *= 0.5;
      tracker = 0;
    } else if (++tracker === interval) {
      if (Number.isFinite(Math.fround(2 * scale))) scale *= 2;
      tracker = 0;
    }
    return scale;
  });
}

function scales(steps: readonly ('finite' | 'overflow' | 'bad')[], scale: number, growthInterval: number): number[] {
  let state = { scale, good: 0 };
  return steps.map((step) => {
    state = adaptLossScale({ growthInterval, largest: 2 ** 24 }, state, step);
    return state.scale;
  });
}

describe('the scale is that of GradScaler', () => {
  test.each([1, 2, 3, 7])('with growth after %d updates', (interval) => {
    // Overflows at irregular steps, some in a row, as often as the scale grows.
    const next = uniforms(interval, 1);
    const overflows = Array.from({ length: 300 }, () => next() < 1 / (interval + 1));
    const expected = gradScaler(overflows, 2 ** 12, interval);
    // PyTorch's scale has no bounds.
    const outside = expected.findIndex((scale) => scale < 1 || scale > 2 ** 24);
    const length = outside < 0 ? expected.length : outside;
    const steps = overflows.slice(0, length).map((overflow) => (overflow ? 'overflow' : 'finite'));
    expect(length).toBeGreaterThan(100);
    expect(new Set(expected.slice(0, length)).size).toBeGreaterThan(5);
    expect(scales(steps, 2 ** 12, interval)).toEqual(expected.slice(0, length));
  });
});

test('it stays between 1 and 2^24, and a loss that is not finite does not change it', () => {
  expect(scales(Array(4).fill('overflow'), 4, 3)).toEqual([2, 1, 1, 1]);
  expect(scales(Array(4).fill('finite'), 2 ** 23, 1)).toEqual([2 ** 24, 2 ** 24, 2 ** 24, 2 ** 24]);
  expect(scales(['bad', 'bad', 'finite', 'finite'], 8, 2)).toEqual([8, 8, 8, 16]);
});

test('only an overflow with a scale above 1 is not counted as bad', () => {
  const isBad = (scale: number, step: 'finite' | 'overflow' | 'bad') =>
    adaptLossScale({ growthInterval: 3, largest: 2 ** 24 }, { scale, good: 0 }, step).isBad;
  expect([isBad(2, 'finite'), isBad(2, 'overflow'), isBad(1, 'overflow'), isBad(2, 'bad')]).toEqual([
    false,
    false,
    true,
    true,
  ]);
});
