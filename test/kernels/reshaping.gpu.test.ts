import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import type { BorderShape } from '../../src/kernels/border.ts';
import { type ConcatenateShape, concatenateForward, concatenateShapes } from '../../src/kernels/concatenate.ts';
import type { UpSampling2dShape } from '../../src/kernels/up_sampling.ts';
import { cacheOf, checkKernel, floats } from '../../src/selftest/kernels/check_kernel.ts';
import { launchGuarded } from '../../src/selftest/kernels/guarded_launch.ts';
import {
  checkConcatenateBackward,
  checkConcatenateForward,
  checkCropping2d,
  checkUpSampling2dBackward,
  checkUpSampling2dForward,
  checkZeroPadding2d,
} from '../../src/selftest/kernels/reshaping_checks.ts';

// Kernels that move elements and compute little or nothing: concatenate, zero_padding2d, cropping2d, up_sampling2d.
const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

describe.each(
  Object.entries({ concatenate_forward: checkConcatenateForward, concatenate_backward: checkConcatenateBackward }),
)('%s', (_, check) => {
  test.each<[string, ConcatenateShape]>([
    ['fours', { runs: 6, run: 8, total: 20, offset: 4 }],
    ['at the beginning', { runs: 6, run: 8, total: 20, offset: 0 }],
    ['at the end', { runs: 6, run: 8, total: 20, offset: 12 }],
    ['a run not a multiple of four', { runs: 5, run: 7, total: 20, offset: 4 }],
    ['an offset not a multiple of four', { runs: 5, run: 8, total: 20, offset: 3 }],
    ['a total not a multiple of four', { runs: 5, run: 8, total: 19, offset: 4 }],
    ['one run, more than a workgroup', { runs: 1, run: 300, total: 600, offset: 4 }],
    ['one of everything', { runs: 1, run: 1, total: 2, offset: 1 }],
  ])('%s', (_, shape) => checkKernel(gpu, check(shape)));

  test('random shapes', async () => {
    const shape = fc
      .record({ runs: fc.nat(20), run: fc.nat(30), before: fc.nat(12), after: fc.integer({ min: 1, max: 12 }) })
      .map(({ runs, run, before, after }) => ({
        runs: runs + 1,
        run: run + 1,
        total: before + run + 1 + after,
        offset: before,
      }));
    const property = fc.asyncProperty(shape, fc.nat(1000), (it, seed) => checkKernel(gpu, check(it), { seed }));
    await fc.assert(property, { seed: 1, numRuns: 12 });
  });
});

test('concatenate_forward of an only input is a copy', async () => {
  const launch = await launchGuarded(
    gpu,
    cacheOf(gpu),
    concatenateForward,
    { runs: 3, run: 5, total: 5, offset: 0 },
    {},
  );
  const x = Float32Array.from({ length: 15 }, (_, i) => i);
  expect([...floats((await launch.run({ x })).y!)]).toEqual([...x]);
  launch.dispose();
});

test('the parts of inputs along each axis', () => {
  const shapes = [
    [2, 3, 4],
    [2, 3, 8],
  ];
  expect(concatenateShapes(5, shapes, 3)).toEqual([
    { runs: 30, run: 4, total: 12, offset: 0 },
    { runs: 30, run: 8, total: 12, offset: 4 },
  ]);
  const tall = [
    [1, 3, 4],
    [6, 3, 4],
    [2, 3, 4],
  ];
  expect(concatenateShapes(5, tall, 1)).toEqual([
    { runs: 5, run: 12, total: 108, offset: 0 },
    { runs: 5, run: 72, total: 108, offset: 12 },
    { runs: 5, run: 24, total: 108, offset: 84 },
  ]);
  expect(concatenateShapes(5, [[7], [2]], 1)).toEqual([
    { runs: 5, run: 7, total: 9, offset: 0 },
    { runs: 5, run: 2, total: 9, offset: 7 },
  ]);
});

const border: BorderShape = { batch: 2, height: 3, width: 5, channels: 4, top: 1, bottom: 2, left: 3, right: 1 };
const borders: Record<string, Partial<BorderShape>> = {
  'the control': {},
  'one of everything': { batch: 1, height: 1, width: 1, channels: 1, top: 1, bottom: 0, left: 0, right: 0 },
  'no border': { top: 0, bottom: 0, left: 0, right: 0 },
  'above and left alone': { bottom: 0, right: 0 },
  'below and right alone': { top: 0, left: 0 },
  'channels not a multiple of four': { channels: 3 },
  'more than a workgroup': { height: 9, width: 9, channels: 12 },
};

describe.each(Object.entries({ zero_padding2d: checkZeroPadding2d, cropping2d: checkCropping2d }))('%s', (_, check) => {
  test.each(Object.entries(borders))('%s', (_, departure) => checkKernel(gpu, check({ ...border, ...departure })));

  test('random shapes', async () => {
    const size = fc.integer({ min: 1, max: 7 });
    const edge = fc.nat(4);
    const shape = fc.record({
      batch: size,
      height: size,
      width: size,
      channels: size,
      top: edge,
      bottom: edge,
      left: edge,
      right: edge,
    });
    const property = fc.asyncProperty(shape, fc.nat(1000), (it, seed) => checkKernel(gpu, check(it), { seed }));
    await fc.assert(property, { seed: 1, numRuns: 12 });
  });
});

const image = { batch: 2, height: 4, width: 5, channels: 4, sizeY: 2, sizeX: 2 };
const sizes: Record<string, Partial<UpSampling2dShape>> = {
  'the control': {},
  'one of everything': { batch: 1, height: 1, width: 1, channels: 1, sizeY: 1, sizeX: 1 },
  'one pixel': { height: 1, width: 1, sizeY: 3, sizeX: 2 },
  'as large as before': { sizeY: 1, sizeX: 1 },
  'an odd factor': { sizeY: 3, sizeX: 5 },
  'factors that differ': { sizeY: 1, sizeX: 4 },
  'channels not a multiple of four': { channels: 3 },
  'more than a workgroup': { channels: 20, sizeY: 3 },
};

describe.each(['nearest', 'bilinear'] as const)('up_sampling2d, %s', (interpolation) => {
  const checks = { up_sampling2d_forward: checkUpSampling2dForward, up_sampling2d_backward: checkUpSampling2dBackward };
  describe.each(Object.entries(checks))('%s', (_, check) => {
    test.each(Object.entries(sizes))('%s', (_, departure) =>
      checkKernel(gpu, check({ ...image, interpolation, ...departure })),
    );

    test('random shapes', async () => {
      const size = fc.integer({ min: 1, max: 5 });
      const shape = fc.record({
        batch: size,
        height: size,
        width: size,
        channels: size,
        sizeY: size,
        sizeX: size,
        interpolation: fc.constant(interpolation),
      });
      const property = fc.asyncProperty(shape, fc.nat(1000), (it, seed) => checkKernel(gpu, check(it), { seed }));
      await fc.assert(property, { seed: 1, numRuns: 12 });
    });
  });
});
