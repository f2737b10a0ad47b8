import fc from 'fast-check';
import { afterAll, describe, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import type { Conv2dShape } from '../../src/kernels/conv2d.ts';
import { checkKernel, type KernelCheck } from '../../src/selftest/kernels/check_kernel.ts';
import {
  checkGroupedBackwardW,
  checkGroupedBackwardX,
  checkGroupedForward,
} from '../../src/selftest/kernels/conv2d_checks.ts';
import { type Convolution, convolution, plain } from '../../src/selftest/kernels/shapes.ts';

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

/** Two quads of channels per group, and more kernel rows than an invocation owns. */
const control: Convolution = {
  ...plain,
  batch: 2,
  size: [7, 6],
  channels: 16,
  filters: 24,
  kernelSize: [3, 3],
  groups: 2,
};

type Departures = Record<string, Partial<Convolution>>;

const everywhere: Departures = {
  'the control': {},
  'one image': { batch: 1 },
  'one group': { groups: 1 },
  'one channel a group': { channels: 6, filters: 6, groups: 6 },
  'one channel in and four out a group': { channels: 3, filters: 12, groups: 3 },
  'four channels in and one out a group': { channels: 12, filters: 3, groups: 3 },
  'channels of a group that are not a multiple of four': { channels: 10, filters: 14 },
  'two channels a group': { channels: 8, filters: 8, groups: 4 },
  'five out a group': { channels: 16, filters: 20, groups: 4 },
  'smaller than a tile': { batch: 1, size: [3, 4], channels: 8, filters: 8 },
  'one pixel past a tile': { batch: 1, size: [3, 7], channels: 8, filters: 8 },
  'more than a workgroup': { batch: 3, size: [9, 9], groups: 4, channels: 32, filters: 32 },
  'a 1x1 kernel': { kernelSize: [1, 1] },
  'a kernel that is not square': { kernelSize: [2, 4] },
  strides: { size: [9, 8], strides: [2, 3] },
  'strides that step over pixels': { size: [8, 9], kernelSize: [1, 2], strides: [3, 3] },
  'same padding': { padding: 'same' },
  'same padding and strides': { padding: 'same', size: [7, 8], strides: [2, 2] },
  'same padding wider than the image': { padding: 'same', size: [2, 2], kernelSize: [5, 5] },
  'same padding, channels that are not a multiple of four': { padding: 'same', channels: 6, filters: 10 },
  dilation: { dilation: [2, 2] },
  'dilation that differs, same padding': { padding: 'same', dilation: [1, 3] },
  'dilation and strides': { size: [9, 8], strides: [2, 3], dilation: [3, 2] },
};

const activations: Departures = {
  'no bias': { useBias: false },
  relu: { activation: 'relu' },
  'relu, filters that are not a multiple of four': { activation: 'relu', filters: 6 },
  tanh: { activation: 'tanh' },
  sigmoid: { activation: 'sigmoid' },
};

/** None of these numbers of parts divides the seven images, except the last. */
const parts: Departures = {
  'two parts': { batch: 7, parts: 2 },
  'five parts, filters that are not a multiple of four': { batch: 7, parts: 5, filters: 6 },
  'a part an image, same padding': { batch: 7, parts: 7, padding: 'same' },
};

const inActivations: Departures = {
  'relu made x': { inActivation: 'relu' },
  'tanh made x': { inActivation: 'tanh' },
  'sigmoid made x': { inActivation: 'sigmoid' },
  'relu made x, channels that are not a multiple of four': { inActivation: 'relu', channels: 6 },
};

const pairUpTo = (most: number) => fc.tuple(fc.integer({ min: 1, max: most }), fc.integer({ min: 1, max: most }));
const anyActivation = fc.constantFrom('linear' as const, 'relu' as const, 'tanh' as const, 'sigmoid' as const);

const anyGrouped = fc
  .record({
    batch: fc.integer({ min: 1, max: 4 }),
    size: pairUpTo(9),
    groups: fc.integer({ min: 1, max: 4 }),
    channels: fc.integer({ min: 1, max: 8 }),
    filters: fc.integer({ min: 1, max: 9 }),
    kernelSize: pairUpTo(4),
    strides: pairUpTo(3),
    dilation: pairUpTo(2),
    padding: fc.constantFrom('valid' as const, 'same' as const),
    useBias: fc.boolean(),
    activation: anyActivation,
    inActivation: anyActivation,
    pooled: fc.constant(false),
    parts: fc.integer({ min: 1, max: 4 }),
  })
  // A smaller image can fall between the elements of a dilated kernel, which then reads none of it.
  .filter((c) => c.size[0] >= c.dilation[0] && c.size[1] >= c.dilation[1])
  .map((c) =>
    convolution({
      ...c,
      channels: c.channels * c.groups,
      filters: c.filters * c.groups,
      parts: Math.min(c.parts, c.batch),
    }),
  )
  .filter((s) => s.outHeight > 0 && s.outWidth > 0);

const passes: Record<string, { check: (shape: Conv2dShape) => KernelCheck<Conv2dShape>; departures: Departures }> = {
  conv2d_grouped_forward: { check: checkGroupedForward, departures: { ...everywhere, ...activations } },
  conv2d_grouped_backward_x: { check: checkGroupedBackwardX, departures: { ...everywhere, ...inActivations } },
  conv2d_grouped_backward_w: { check: checkGroupedBackwardW, departures: { ...everywhere, ...parts } },
};

describe.each(Object.entries(passes))('%s', (_, { check, departures }) => {
  test.each(Object.entries(departures))('%s', (_, departure) =>
    checkKernel(gpu, check(convolution({ ...control, ...departure }))),
  );

  test('random shapes', async () => {
    const property = fc.asyncProperty(anyGrouped, fc.nat(1000), (shape, seed) =>
      checkKernel(gpu, check(shape), { seed, pick: seed }),
    );
    await fc.assert(property, { seed: 1, numRuns: 12 });
  });
});
