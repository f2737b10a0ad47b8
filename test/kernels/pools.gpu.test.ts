import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import type { AveragePoolShape } from '../../src/kernels/average_pool.ts';
import { type GlobalPoolShape, globalMaxPoolForward } from '../../src/kernels/global_pool.ts';
import { cacheOf, checkKernel, floats, variantsOf } from '../../src/selftest/kernels/check_kernel.ts';
import { launchGuarded } from '../../src/selftest/kernels/guarded_launch.ts';
import {
  checkAveragePoolBackward,
  checkAveragePoolForward,
  checkGlobalAveragePoolBackward,
  checkGlobalAveragePoolForward,
  checkGlobalMaxPoolBackward,
  checkGlobalMaxPoolForward,
} from '../../src/selftest/kernels/pool_checks.ts';
import { type Pool, pool } from '../../src/selftest/kernels/shapes.ts';

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

const averagePool = (p: Pool, inActivation: AveragePoolShape['inActivation'] = 'linear'): AveragePoolShape => ({
  ...pool(p),
  inActivation,
});

const control: Pool = { batch: 2, size: [6, 8], channels: 4, poolSize: [2, 2], strides: [2, 2], padding: 'valid' };

const departures: Record<string, Partial<Pool>> = {
  'the control': {},
  'one of everything': { batch: 1, size: [1, 1], channels: 1, poolSize: [1, 1], strides: [1, 1] },
  'more than a workgroup': { batch: 5, size: [10, 10], channels: 12 },
  'an odd size, whose last row and column are dropped': { size: [7, 9] },
  'one channel': { channels: 1 },
  'channels not a multiple of four': { channels: 5 },
  'a window that is not square': { poolSize: [3, 1], strides: [3, 1] },
  'windows that overlap': { poolSize: [3, 3], strides: [1, 2] },
  'gaps between windows': { size: [9, 9], strides: [3, 4] },
  'same padding': { size: [7, 7], padding: 'same' },
  'same padding on both sides': { size: [6, 7], poolSize: [3, 3], strides: [1, 1], padding: 'same' },
  'same padding, more of it than image': { size: [2, 1], poolSize: [5, 4], strides: [1, 1], padding: 'same' },
  'same padding, channels not a multiple of four': { size: [7, 7], channels: 3, poolSize: [3, 3], padding: 'same' },
  'a window of more than 256 places': { batch: 1, size: [18, 19], poolSize: [17, 18], strides: [1, 1] },
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
  .map((p) => averagePool(p))
  .filter((s) => s.outHeight > 0 && s.outWidth > 0);

const inActivation = fc.constantFrom('linear' as const, 'relu' as const, 'elu' as const);

describe.each(
  Object.entries({ average_pool_forward: checkAveragePoolForward, average_pool_backward: checkAveragePoolBackward }),
)('%s', (_, check) => {
  test.each(Object.entries(departures))('%s', (_, departure) =>
    checkKernel(gpu, check(averagePool({ ...control, ...departure }))),
  );

  test('random shapes', async () => {
    const property = fc.asyncProperty(anyPool, inActivation, fc.nat(1000), (shape, inActivation, seed) =>
      checkKernel(gpu, check({ ...shape, inActivation }), { seed }),
    );
    await fc.assert(property, { seed: 1, numRuns: 12 });
  });
});

test.each([4, 3])(
  'average_pool_backward of %i channels applies the derivative of the activation that made x',
  async (channels) => {
    for (const inActivation of ['relu', 'tanh'] as const) {
      const shape = averagePool({ ...control, channels, poolSize: [3, 3], padding: 'same' }, inActivation);
      await checkKernel(gpu, checkAveragePoolBackward(shape));
    }
  },
);

const globals = {
  global_average_pool_forward: checkGlobalAveragePoolForward,
  global_average_pool_backward: checkGlobalAveragePoolBackward,
  global_max_pool_forward: checkGlobalMaxPoolForward,
  global_max_pool_backward: checkGlobalMaxPoolBackward,
};

const globalControl: GlobalPoolShape = { batch: 3, pixels: 20, channels: 8, inActivation: 'linear' };
const globalDepartures: Record<string, Partial<GlobalPoolShape>> = {
  'the control': {},
  'one of everything': { batch: 1, pixels: 1, channels: 1 },
  'one image': { batch: 1 },
  'fewer pixels than slices': { pixels: 3 },
  'as many pixels as slices': { pixels: 16 },
  'one pixel more': { pixels: 17 },
  'channels not a multiple of four': { channels: 6 },
  'one channel': { channels: 1, pixels: 70 },
  'more than a workgroup': { batch: 9, pixels: 5, channels: 36 },
  'a large image': { batch: 1, pixels: 1000, channels: 4 },
};

describe.each(Object.entries(globals))('%s', (name, check) => {
  test.each(Object.entries(globalDepartures))('%s', (_, departure) =>
    checkKernel(gpu, check({ ...globalControl, ...departure })),
  );

  test('random shapes', async () => {
    const shape = fc.record({
      batch: fc.integer({ min: 1, max: 6 }),
      pixels: fc.integer({ min: 1, max: 60 }),
      channels: fc.integer({ min: 1, max: 40 }),
      // The largest of several values is rarely at relu's kink.
      inActivation: name.endsWith('backward')
        ? fc.constantFrom('linear' as const, 'tanh' as const)
        : fc.constant('linear' as const),
    });
    const property = fc.asyncProperty(shape, fc.nat(1000), (it, seed) => checkKernel(gpu, check(it), { seed }));
    await fc.assert(property, { seed: 1, numRuns: 12 });
  });
});

test.each([4, 3])(
  'global pools of %i channels apply the derivative of the activation that made x',
  async (channels) => {
    const shape: GlobalPoolShape = { ...globalControl, channels, inActivation: 'relu' };
    await checkKernel(gpu, checkGlobalAveragePoolBackward(shape));
    await checkKernel(gpu, checkGlobalMaxPoolBackward({ ...shape, inActivation: 'sigmoid' }));
  },
);

test('global_max_pool_forward: a NaN is the largest wherever it stands, and -Infinity is a number', async () => {
  for (const channels of [1, 4]) {
    const shape: GlobalPoolShape = { batch: 1, pixels: 20, channels, inActivation: 'linear' };
    for (const variant of variantsOf(globalMaxPoolForward, shape, gpu.traits)) {
      const launch = await launchGuarded(gpu, cacheOf(gpu), globalMaxPoolForward, shape, variant);
      for (const pixel of [0, 1, 7, 16, 19]) {
        const x = new Float32Array(20 * channels).fill(5).fill(Number.NaN, pixel * channels, pixel * channels + 1);
        const { y, argmax } = await launch.run({ x });
        expect(floats(y!)[0]).toBeNaN();
        expect(argmax![0]).toBe(pixel);
      }
      const { y, argmax } = await launch.run({ x: new Float32Array(20 * channels).fill(-Infinity) });
      expect([floats(y!)[0], argmax![0]]).toEqual([-Infinity, 0]);
      launch.dispose();
    }
  }
});
