import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import type { Conv2dShape } from '../../src/kernels/conv2d.ts';
import { asConvolution } from '../../src/kernels/dense.ts';
import { cacheOf, checkKernel, type KernelCheck, variantsOf } from '../../src/selftest/kernels/check_kernel.ts';
import { convolution } from '../../src/selftest/kernels/shapes.ts';
import {
  checkSplitBackwardX,
  checkSplitForward,
  checkTiledBackwardW,
  checkTiledBackwardX,
  checkTiledForward,
} from '../../src/selftest/kernels/variant_checks.ts';
import {
  activations,
  channelsOfNoMultiple,
  control,
  type Departures,
  denseLayers,
  everywhere,
  few,
  filtersOfNoMultiple,
  inActivations,
  oneRow,
  parts,
  pools,
  randomShapes,
} from './tile_shapes.ts';

// On a device with the default limits: tiles and sums have to fit the workgroup memory of every GPU.
const gpu: Gpu = await openGpu({ defaultLimitsOnly: true });
afterAll(() => gpu.dispose());

interface Pass {
  check: (shape: Conv2dShape) => KernelCheck<Conv2dShape>;
  departures: Departures;
}

const passes: Record<string, Pass> = {
  conv2d_tiled_forward: {
    check: checkTiledForward,
    departures: { ...everywhere, ...few('channels'), ...pools, ...activations, ...filtersOfNoMultiple },
  },
  conv2d_tiled_backward_x: {
    check: checkTiledBackwardX,
    departures: { ...everywhere, ...few('filters'), ...inActivations, ...channelsOfNoMultiple },
  },
  conv2d_tiled_backward_w: {
    check: checkTiledBackwardW,
    departures: { ...everywhere, ...few('channels'), ...oneRow, ...pools, ...parts, ...filtersOfNoMultiple },
  },
  conv2d_split_forward: {
    check: checkSplitForward,
    departures: { ...everywhere, ...few('channels'), ...pools, ...activations, ...filtersOfNoMultiple },
  },
  conv2d_split_backward_x: {
    check: checkSplitBackwardX,
    departures: { ...everywhere, ...few('filters'), ...inActivations, ...channelsOfNoMultiple },
  },
};

describe.each(Object.entries(passes))('%s', (_, { check, departures }) => {
  test.each(Object.entries(departures))('%s', (_, departure) =>
    checkKernel(gpu, check(convolution({ ...control, ...departure }))),
  );

  test('random shapes', async () => {
    const property = fc.asyncProperty(randomShapes, fc.nat(1000), (shape, seed) =>
      checkKernel(gpu, check(shape), { seed, pick: seed }),
    );
    await fc.assert(property, { seed: 1, numRuns: 12 });
  });
});

describe('dense layers', () => {
  test.each(Object.entries(passes))('%s', async (_, { check }) => {
    for (const layer of denseLayers) await checkKernel(gpu, check(asConvolution(layer)));
  });
});

test('each variant has its own text, and keeps within the default workgroup memory', async () => {
  for (const { check } of Object.values(passes)) {
    const { kernel, shape } = check(convolution(control));
    const texts = await Promise.all(
      variantsOf(kernel, shape, gpu.traits).map(async (v) => (await cacheOf(gpu).compile(kernel, shape, v)).text),
    );
    expect(texts.length).toBeGreaterThan(1);
    expect(new Set(texts).size).toBe(texts.length);
    for (const text of texts) expect(text).toContain('var<workgroup>');
  }
  expect(gpu.device.limits.maxComputeWorkgroupStorageSize).toBe(16_384);
});
