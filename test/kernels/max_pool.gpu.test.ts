import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { maxPoolBackward } from '../../src/kernels/max_pool.ts';
import { maxPoolForward } from '../../src/kernels/max_pool_forward.ts';
import { cacheOf, checkKernel, floats } from '../../src/selftest/kernels/check_kernel.ts';
import { launchGuarded } from '../../src/selftest/kernels/guarded_launch.ts';
import { checkMaxPoolBackward, checkMaxPoolForward, withTies } from '../../src/selftest/kernels/max_pool_checks.ts';
import { type Pool, pool } from '../../src/selftest/kernels/shapes.ts';

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

const control: Pool = { batch: 2, size: [6, 8], channels: 4, poolSize: [2, 2], strides: [2, 2], padding: 'valid' };

const departures: Record<string, Partial<Pool>> = {
  'the control': {},
  'one image': { batch: 1 },
  'one of everything': { batch: 1, size: [1, 1], channels: 1, poolSize: [1, 1], strides: [1, 1] },
  'more than a workgroup': { batch: 5, size: [10, 10], channels: 12 },
  'a workgroup and one over': { batch: 1, size: [10, 26], channels: 4 },
  'an odd size, whose last row and column are dropped': { size: [7, 9] },
  'windows that tile the image': { size: [6, 8] },
  'tiles that are not square': { size: [6, 8], poolSize: [3, 2], strides: [3, 2] },
  'tiles in channels of no multiple of four': { size: [6, 8], channels: 6 },
  'one channel': { channels: 1 },
  'channels of no multiple of four': { channels: 5 },
  'channels of no multiple of four, elements neither': { batch: 1, size: [6, 6], channels: 3 },
  'a window that is not square': { poolSize: [3, 1], strides: [3, 1] },
  'windows that overlap': { poolSize: [3, 3], strides: [1, 2] },
  'windows that overlap, channels of no multiple of four': { channels: 3, poolSize: [3, 3], strides: [1, 1] },
  'gaps between windows': { size: [9, 9], strides: [3, 4] },
  'same padding': { size: [7, 7], padding: 'same' },
  'same padding on both sides': { size: [6, 7], poolSize: [3, 3], strides: [1, 1], padding: 'same' },
  'same padding, channels of no multiple of four': { size: [7, 7], channels: 3, poolSize: [3, 3], padding: 'same' },
  'the largest window': { batch: 1, size: [17, 17], poolSize: [16, 16], strides: [1, 1] },
};

const anyPool = fc
  .record({
    batch: fc.integer({ min: 1, max: 4 }),
    size: fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 })),
    channels: fc.integer({ min: 1, max: 9 }),
    poolSize: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
    strides: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
    padding: fc.constantFrom('valid' as const, 'same' as const),
  })
  .map(pool)
  .filter((s) => s.outHeight > 0 && s.outWidth > 0);

describe.each(Object.entries({ max_pool_forward: checkMaxPoolForward, max_pool_backward: checkMaxPoolBackward }))(
  '%s',
  (_, check) => {
    test.each(Object.entries(departures))('%s', (_, departure) =>
      checkKernel(gpu, check(pool({ ...control, ...departure }))),
    );

    test('random shapes', async () => {
      const property = fc.asyncProperty(anyPool, fc.nat(1000), (shape, seed) =>
        checkKernel(gpu, check(shape), { seed, pick: seed }),
      );
      await fc.assert(property, { seed: 1, numRuns: 12 });
    });
  },
);

test.each([4, 3])('%i channels: the first of equal elements is the argmax', async (channels) => {
  const shape = pool({ ...control, channels, poolSize: [3, 3], strides: [2, 2], padding: 'same' });
  await checkKernel(gpu, checkMaxPoolForward(shape, withTies(shape)));
});

describe('a fixed memory layout', () => {
  // Two channels of one 4x4 image; windows of 2x2. Argmax 0 is top left, 1 top right, 2 bottom left, 3 bottom right.
  const first = [9, 1, 1, 8, 2, 3, 4, 5, 1, 1, 1, 1, 7, 1, 1, 6];
  const second = [0, 0, 0, 0, 0, 0, 0, 1, -1, -2, -2, -2, -3, -4, -2, -1];
  const interleave = (a: number[], b: number[]) => Float32Array.from(a.flatMap((value, i) => [value, b[i]!]));
  const shape = pool({ ...control, batch: 1, size: [4, 4], channels: 2 });

  test('max_pool_forward: y, and four places a word, the lowest byte first', async () => {
    const launch = await launchGuarded(gpu, cacheOf(gpu), maxPoolForward, shape, {});
    const { y, argmax } = await launch.run({ x: interleave(first, second) });
    expect([...floats(y!)]).toEqual([...interleave([9, 8, 7, 6], [0, 1, -1, -1])]);
    // By element: channels 0 and 1 of the top left and top right cells; then of the bottom cells.
    expect([...argmax!]).toEqual([0x03_01_00_00, 0x03_03_00_02]);
    launch.dispose();
  });

  test('max_pool_backward: what a word says goes there, all else is zero', async () => {
    const launch = await launchGuarded(gpu, cacheOf(gpu), maxPoolBackward, shape, {});
    const { dx } = await launch.run({
      dy: Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]),
      argmax: Uint32Array.from([0x03_01_00_00, 0x03_03_00_02]),
    });
    expect([...floats(dx!)]).toEqual([
      ...interleave([1, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 7], [2, 0, 0, 0, 0, 0, 0, 4, 6, 0, 0, 0, 0, 0, 0, 8]),
    ]);
    launch.dispose();
  });
});
