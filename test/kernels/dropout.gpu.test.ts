import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { type DropoutShape, dropoutForward } from '../../src/kernels/dropout.ts';
import type { StateValues } from '../../src/kernels/state.ts';
import { cacheOf, checkKernel, floats } from '../../src/selftest/kernels/check_kernel.ts';
import {
  checkDropoutBackward,
  checkDropoutForward,
  checkGaussianNoise,
  someState,
} from '../../src/selftest/kernels/dropout_checks.ts';
import { launchGuarded } from '../../src/selftest/kernels/guarded_launch.ts';
import { stateOf } from '../../src/selftest/kernels/state_words.ts';

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

const control: DropoutShape = { batch: 3, elements: 40, layer: 2, rate: 0.3 };

const departures: Record<string, Partial<DropoutShape>> = {
  'the control': {},
  'less than four elements': { batch: 1, elements: 3, rate: 0.5 },
  'elements not a multiple of four': { elements: 13 },
  'more than a workgroup': { batch: 5, elements: 68 },
  'the largest number of a layer': { layer: 2 ** 32 - 1 },
  'nearly everything': { rate: 0.9 },
  'whole channels': { elements: 6 * 8, spatialChannels: 8 },
  'whole channels, not a multiple of four': { elements: 5 * 6, spatialChannels: 6 },
  'whole channels, elements a multiple of four': { elements: 4 * 3, spatialChannels: 3 },
  'one channel': { batch: 8, elements: 6, spatialChannels: 1 },
};

const states: Record<string, StateValues> = {
  'the first batch': { seed: 0, epoch: 0, start: 0, count: 3 },
  'another seed': { ...someState, seed: 1 },
  'another epoch': { ...someState, epoch: 4 },
  'a later batch': { ...someState, start: 1_000_000 },
};

describe.each(Object.entries({ dropout_forward: checkDropoutForward, dropout_backward: checkDropoutBackward }))(
  '%s',
  (_, check) => {
    test.each(Object.entries(departures))('%s', (_, departure) =>
      checkKernel(gpu, check({ ...control, ...departure })),
    );
    test.each(Object.entries(states))('%s', (_, state) => checkKernel(gpu, check(control, state)));

    test('random shapes', async () => {
      const shape = fc.record({
        batch: fc.integer({ min: 1, max: 5 }),
        elements: fc.integer({ min: 9, max: 60 }),
        layer: fc.nat(100),
        rate: fc.double({ min: 0.2, max: 0.8, noNaN: true }),
      });
      const property = fc.asyncProperty(shape, fc.nat(1000), (it, seed) => checkKernel(gpu, check(it), { seed }));
      await fc.assert(property, { seed: 1, numRuns: 12 });
    });
  },
);

describe('gaussian_noise', () => {
  const shapes = { 'a multiple of four': 40, 'not a multiple of four': 13, 'more than a workgroup': 1028 };
  test.each(Object.entries(shapes))('%s', (_, elements) =>
    checkKernel(gpu, checkGaussianNoise({ batch: 3, elements, layer: 7, standardDeviation: 0.5 })),
  );
  test.each(Object.entries(states))('%s', (_, state) =>
    checkKernel(gpu, checkGaussianNoise({ batch: 3, elements: 24, layer: 7, standardDeviation: 2 }, state)),
  );
});

/** Applies dropout to ones, which shows the mask. */
async function maskOf(shape: DropoutShape, state: StateValues): Promise<Float32Array> {
  const launch = await launchGuarded(gpu, cacheOf(gpu), dropoutForward, shape, {});
  const x = new Float32Array(shape.batch * shape.elements).fill(1);
  const { y } = await launch.run({ x, state: stateOf(state) });
  launch.dispose();
  return floats(y!);
}

test('the mask of a sample depends on its position in the epoch and not on the batch that it comes in', async () => {
  for (const elements of [16, 13]) {
    const shape = { ...control, elements };
    const whole = await maskOf({ ...shape, batch: 6 }, { ...someState, start: 0 });
    for (const [start, batch] of [
      [0, 4],
      [4, 2],
      [2, 1],
    ] as const) {
      const part = await maskOf({ ...shape, batch }, { ...someState, start });
      expect([...part]).toEqual([...whole.subarray(start * elements, (start + batch) * elements)]);
    }
  }
});

test('a rate of zero drops nothing, and a rate close to one nearly everything', async () => {
  expect([...(await maskOf({ ...control, rate: 0 }, someState))]).toEqual(Array(120).fill(1));
  expect([...(await maskOf({ ...control, rate: 1 - 2 ** -40 }, someState))]).toEqual(Array(120).fill(0));
});

test('dropped numbers become zero, and a NaN that is kept remains', async () => {
  const shape = { ...control, batch: 1 };
  const mask = await maskOf(shape, someState);
  const launch = await launchGuarded(gpu, cacheOf(gpu), dropoutForward, shape, {});
  for (const bad of [Number.NaN, Infinity]) {
    const { y } = await launch.run({ x: new Float32Array(40).fill(bad), state: stateOf(someState) });
    expect([...floats(y!)]).toEqual([...mask].map((kept) => (kept ? bad : 0)));
  }
  launch.dispose();
});
