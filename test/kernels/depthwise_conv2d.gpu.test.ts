import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { type DepthwiseConv2dShape, depthwiseConv2dForward } from '../../src/kernels/depthwise_conv2d.ts';
import { cacheOf, checkKernel, floats, type KernelCheck } from '../../src/selftest/kernels/check_kernel.ts';
import {
  checkDepthwiseBackwardW,
  checkDepthwiseBackwardX,
  checkDepthwiseForward,
} from '../../src/selftest/kernels/depthwise_conv2d_checks.ts';
import { launchGuarded } from '../../src/selftest/kernels/guarded_launch.ts';
import { type DepthwiseConvolution, depthwise, plain } from '../../src/selftest/kernels/shapes.ts';

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

/** MobileNet's depthwise layers: overlapping windows of 3x3, one output channel per input channel. */
const control: DepthwiseConvolution = {
  ...plain,
  batch: 2,
  size: [7, 8],
  channels: 8,
  multiplier: 1,
  kernelSize: [3, 3],
  padding: 'same',
};

type Departures = Record<string, Partial<DepthwiseConvolution>>;

const everywhere: Departures = {
  'the control': {},
  'one image': { batch: 1 },
  'one of everything': { batch: 1, size: [1, 1], channels: 1, kernelSize: [1, 1] },
  'more than a workgroup': { batch: 3, size: [9, 12], channels: 20 },
  'one channel': { channels: 1 },
  'channels that are not a multiple of four': { channels: 6 },
  'a multiplier of four': { multiplier: 4 },
  'a multiplier that is not a multiple of four': { multiplier: 3 },
  'a multiplier, and outputs that are not a multiple of four': { channels: 3, multiplier: 2 },
  'a width that is not a multiple of four': { size: [6, 9] },
  'a width smaller than a tile': { size: [9, 2] },
  valid: { padding: 'valid', size: [8, 10] },
  'valid, a width that is not a multiple of four': { padding: 'valid' },
  'as large as the kernel': { padding: 'valid', size: [3, 3] },
  'a kernel that is not square': { kernelSize: [2, 4] },
  'a 1x1 kernel': { kernelSize: [1, 1] },
  'a kernel whose row is cut into pieces': { size: [4, 9], kernelSize: [1, 7] },
  'a kernel whose row is too long to be written out': { size: [4, 20], kernelSize: [2, 6], dilation: [1, 3] },
  'such a kernel that is cut into pieces, valid': { padding: 'valid', size: [4, 10], kernelSize: [2, 7] },
  strides: { strides: [2, 2] },
  'strides that differ': { size: [9, 8], strides: [1, 3] },
  'strides down only': { size: [9, 8], strides: [3, 1] },
  'strides that step over pixels': { padding: 'valid', size: [8, 9], kernelSize: [1, 2], strides: [3, 3] },
  'strides, channels that are not a multiple of four': { channels: 3, strides: [2, 2] },
  dilation: { dilation: [2, 2] },
  'dilation down only': { dilation: [3, 1] },
  'dilation, valid': { padding: 'valid', size: [7, 9], dilation: [2, 3] },
  'dilation, a multiplier of two': { multiplier: 2, dilation: [1, 2] },
  'dilation and strides': { strides: [2, 3], dilation: [2, 2] },
  'padding wider than the image': { size: [2, 2], kernelSize: [5, 5] },
};

const activations: Departures = {
  'no bias': { useBias: false },
  'no bias, channels that are not a multiple of four': { useBias: false, channels: 5 },
  relu: { activation: 'relu' },
  'relu, channels that are not a multiple of four': { activation: 'relu', channels: 5 },
  tanh: { activation: 'tanh' },
  sigmoid: { activation: 'sigmoid' },
};

/** Fourteen rows: of these numbers only one and the last divide them, and nine leaves some parts empty. */
const parts: Departures = {
  'two parts of an odd number of rows': { batch: 3, size: [5, 8], parts: 2 },
  'four parts': { parts: 4 },
  'nine parts': { parts: 9 },
  'a part a row': { parts: 14 },
  'parts, channels that are not a multiple of four': { parts: 3, channels: 5 },
  'parts and strides': { parts: 3, strides: [2, 2] },
};

const inActivations: Departures = {
  'relu made x': { inActivation: 'relu' },
  'tanh made x': { inActivation: 'tanh' },
  'sigmoid made x': { inActivation: 'sigmoid' },
  'relu made x, a multiplier of two': { inActivation: 'relu', multiplier: 2 },
  'sigmoid made x, strides': { inActivation: 'sigmoid', strides: [2, 2] },
};

const anyActivation = fc.constantFrom('linear' as const, 'relu' as const, 'tanh' as const, 'sigmoid' as const);
const pairUpTo = (most: number) => fc.tuple(fc.integer({ min: 1, max: most }), fc.integer({ min: 1, max: most }));

const anyDepthwise = fc
  .record({
    batch: fc.integer({ min: 1, max: 4 }),
    size: pairUpTo(10),
    channels: fc.integer({ min: 1, max: 9 }),
    multiplier: fc.integer({ min: 1, max: 4 }),
    kernelSize: pairUpTo(6),
    strides: pairUpTo(3),
    dilation: pairUpTo(3),
    padding: fc.constantFrom('valid' as const, 'same' as const),
    useBias: fc.boolean(),
    activation: anyActivation,
    inActivation: anyActivation,
    parts: fc.integer({ min: 1, max: 4 }),
  })
  // A smaller image can fall between the elements of a dilated kernel, which then reads none of it.
  .filter((c) => c.size[0] >= c.dilation[0] && c.size[1] >= c.dilation[1])
  .map(depthwise)
  .filter((s) => s.outHeight > 0 && s.outWidth > 0);

const passes: Record<
  string,
  { check: (shape: DepthwiseConv2dShape) => KernelCheck<DepthwiseConv2dShape>; departures: Departures }
> = {
  depthwise_conv2d_forward: { check: checkDepthwiseForward, departures: { ...everywhere, ...activations } },
  depthwise_conv2d_backward_x: { check: checkDepthwiseBackwardX, departures: { ...everywhere, ...inActivations } },
  depthwise_conv2d_backward_w: { check: checkDepthwiseBackwardW, departures: { ...everywhere, ...parts } },
};

describe.each(Object.entries(passes))('%s', (_, { check, departures }) => {
  test.each(Object.entries(departures))('%s', (_, departure) =>
    checkKernel(gpu, check(depthwise({ ...control, ...departure }))),
  );

  test('random shapes', async () => {
    const property = fc.asyncProperty(anyDepthwise, fc.nat(1000), (shape, seed) =>
      checkKernel(gpu, check(shape), { seed, pick: seed }),
    );
    await fc.assert(property, { seed: 1, numRuns: 12 });
  });
});

test('output channels are in the order of Keras: those of an input channel follow each other', async () => {
  const shape = depthwise({ ...control, batch: 1, size: [1, 1], channels: 2, multiplier: 3, kernelSize: [1, 1] });
  const launch = await launchGuarded(gpu, cacheOf(gpu), depthwiseConv2dForward, shape, {});
  const { y } = await launch.run({
    x: Float32Array.of(1, 10),
    w: Float32Array.of(1, 2, 3, 4, 5, 6),
    b: new Float32Array(6),
  });
  expect([...floats(y!)]).toEqual([1, 2, 3, 40, 50, 60]);
  launch.dispose();
});
