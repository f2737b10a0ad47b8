import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import type { Kernel } from '../../src/gpu/kernel.ts';
import { type Conv2dShape, conv2dBackwardX } from '../../src/kernels/conv2d.ts';
import { conv2dGroupedBackwardX } from '../../src/kernels/conv2d_grouped.ts';
import { readsPooledGradient } from '../../src/kernels/conv2d_winograd.ts';
import { depthwiseConv2dBackwardX } from '../../src/kernels/depthwise_conv2d.ts';
import { cacheOf, checkKernel, floats, type KernelCheck } from '../../src/selftest/kernels/check_kernel.ts';
import {
  checkBackwardW,
  checkBackwardWNarrow,
  checkBackwardX,
  checkForward,
  checkForwardNarrow,
  fitsBackwardW,
  fitsForwardNarrow,
} from '../../src/selftest/kernels/conv2d_checks.ts';
import { launchGuarded } from '../../src/selftest/kernels/guarded_launch.ts';
import { type Convolution, convolution, depthwise, plain } from '../../src/selftest/kernels/shapes.ts';
import {
  checkRowsBackwardX,
  checkRowsForward,
  checkWinogradBackwardW,
  checkWinogradBackwardX,
  checkWinogradBackwardXOfPool,
  checkWinogradForward,
} from '../../src/selftest/kernels/variant_checks.ts';
import { randomConvolutions } from './random_convolutions.ts';

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

/** Forty pixels, more than one tile of rows and of channels in every pass, with incomplete tiles. */
const control: Convolution = {
  ...plain,
  batch: 2,
  size: [7, 6],
  channels: 8,
  filters: 20,
  kernelSize: [3, 3],
};

type Departures = Record<string, Partial<Convolution>>;

const everywhere: Departures = {
  'the control': {},
  'one image': { batch: 1 },
  'one of everything': { batch: 1, size: [1, 1], channels: 1, filters: 1, kernelSize: [1, 1] },
  'smaller than a tile': { batch: 1, size: [3, 4], channels: 4, filters: 4 },
  'a tile exactly': { batch: 1, size: [4, 6], channels: 4, filters: 16 },
  'one past a tile': { batch: 1, size: [5, 5], channels: 17, filters: 17 },
  'one channel': { channels: 1 },
  'channels of no multiple of four': { channels: 3 },
  'filters of no multiple of four': { filters: 18 },
  'neither of a multiple of four': { channels: 5, filters: 7 },
  'an odd size': { batch: 3, size: [9, 5] },
  'as large as the kernel': { size: [3, 3] },
  'a kernel that is not square': { kernelSize: [2, 4] },
  'a 1x1 kernel': { kernelSize: [1, 1] },
  strides: { size: [9, 8], strides: [2, 3] },
  'strides that step over pixels': { size: [8, 9], kernelSize: [1, 2], strides: [3, 3] },
  'same padding': { padding: 'same' },
  'same padding of an even kernel': { padding: 'same', kernelSize: [2, 4] },
  'same padding and strides': { padding: 'same', size: [7, 8], strides: [2, 2] },
  'same padding wider than the image': { padding: 'same', size: [2, 2], kernelSize: [5, 5] },
  'same padding, channels of no multiple of four': { padding: 'same', channels: 3, filters: 5 },
  dilation: { dilation: [2, 2] },
  'dilation that differs, same padding': { padding: 'same', dilation: [1, 3] },
  'dilation and strides': { size: [9, 8], strides: [2, 3], dilation: [3, 2] },
  'dilation, channels of no multiple of four': { padding: 'same', channels: 3, filters: 5, dilation: [2, 1] },
};

const pools: Departures = {
  'a pool': { pooled: true },
  'a pool, one image': { pooled: true, batch: 1 },
  'a pool over a single cell': { pooled: true, batch: 1, size: [4, 4], filters: 4 },
  'a pool that drops a row and a column': { pooled: true, size: [7, 9] },
  'a pool, channels of no multiple of four': { pooled: true, channels: 3 },
  'a pool and dilation': { pooled: true, padding: 'same', dilation: [2, 2] },
  'a pool, same padding and strides': { pooled: true, padding: 'same', size: [9, 8], strides: [2, 1] },
};

/** Large enough for the variants with several quads of channels per invocation, in each of their numbers. */
const wide: Departures = {
  'four quads of channels': { batch: 4, size: [8, 9], channels: 64, filters: 64 },
  'two quads of channels, same padding': { batch: 4, size: [9, 8], channels: 32, filters: 32, padding: 'same' },
  'three quads of channels, strides': { batch: 3, size: [17, 13], channels: 48, filters: 48, strides: [2, 1] },
};

const activations: Departures = {
  'no bias': { useBias: false },
  'no bias and a pool': { useBias: false, pooled: true },
  relu: { activation: 'relu' },
  'relu, filters of no multiple of four': { activation: 'relu', filters: 7 },
  'relu and a pool': { activation: 'relu', pooled: true },
  tanh: { activation: 'tanh' },
  sigmoid: { activation: 'sigmoid' },
  'sigmoid and a pool': { activation: 'sigmoid', pooled: true },
};

/** None of these numbers of parts divides the control's seven images, except the last. */
const parts: Departures = {
  'two parts': { batch: 7, parts: 2 },
  'five parts': { batch: 7, parts: 5 },
  'a part an image': { batch: 7, parts: 7 },
  'parts, filters of no multiple of four': { batch: 7, parts: 3, filters: 7 },
  'parts and a pool': { batch: 7, parts: 3, pooled: true },
  'parts and same padding': { batch: 7, parts: 4, padding: 'same' },
};

/** Tiles of 2x2 pixels that reach beyond the image, at one side or at both. */
const winograd: Departures = {
  'an odd height': { size: [7, 6] },
  'an odd width': { size: [6, 7] },
  'an odd height and same padding': { padding: 'same', size: [7, 6] },
  'one pixel out': { size: [3, 3] },
  'one pixel and same padding': { padding: 'same', size: [1, 1] },
  'two input channels, two filters': { channels: 2, filters: 2 },
  'filters of no multiple of four, channels of none': { padding: 'same', channels: 6, filters: 6 },
  'many tiles of many channels': { batch: 5, size: [9, 9], channels: 20, filters: 36 },
};

/** Tiles of two rows: one tile in a row or several, the last of which is incomplete, and channels for one quad or two. */
const rowTiles: Departures = {
  'a row longer than a tile': { size: [4, 17] },
  'a row longer than a tile, same padding': { padding: 'same', size: [5, 16] },
  'three tiles a row': { batch: 1, size: [3, 30], channels: 4, filters: 8 },
  'quads of an even number': { filters: 24, channels: 16 },
};

const inActivations: Departures = {
  'relu made x': { inActivation: 'relu' },
  'tanh made x': { inActivation: 'tanh' },
  'sigmoid made x': { inActivation: 'sigmoid' },
  'relu made x, channels of no multiple of four': { inActivation: 'relu', channels: 5 },
  'sigmoid made x, strides and same padding': {
    inActivation: 'sigmoid',
    padding: 'same',
    size: [7, 8],
    strides: [2, 2],
  },
};

/** Any small convolution that a model can contain. */
const anyConvolution = randomConvolutions({ batch: 4, side: 9, channels: 9, filters: 24, kernel: 4 });

/** The 3x3 kernels that Winograd's algorithm computes. */
const fitsWinograd = (s: Conv2dShape): boolean =>
  [s.kernelHeight, s.kernelWidth].every((size) => size === 3) &&
  [s.strideY, s.strideX, s.dilationY ?? 1, s.dilationX ?? 1, s.groups ?? 1].every((n) => n === 1);

/** The same with channels that can be loaded four at a time. */
const fitsRowTiles = (s: Conv2dShape): boolean => fitsWinograd(s) && s.inChannels % 4 === 0 && s.outChannels % 4 === 0;

interface Pass {
  check: (shape: Conv2dShape) => KernelCheck<Conv2dShape>;
  /** Other shapes are handled by another kernel. */
  fits: (shape: Conv2dShape) => boolean;
  /** Initial deviations from the control. */
  control: Partial<Convolution>;
  departures: Departures;
}

const passes: Record<string, Pass> = {
  conv2d_forward: {
    check: checkForward,
    fits: () => true,
    control: {},
    departures: {
      ...{ ...everywhere, ...pools, ...activations, ...wide },
      'four quads of channels and a pool': { ...wide['four quads of channels'], pooled: true, activation: 'relu' },
    },
  },
  conv2d_forward_narrow: {
    check: checkForwardNarrow,
    fits: fitsForwardNarrow,
    control: { channels: 1 },
    departures: { ...everywhere, ...pools, ...activations, 'nine channels': { channels: 9, kernelSize: [1, 1] } },
  },
  conv2d_backward_w: {
    check: checkBackwardW,
    fits: fitsBackwardW,
    control: {},
    departures: {
      ...{ ...everywhere, ...pools, ...parts, ...wide },
      'four quads of channels, parts and a pool': { ...wide['four quads of channels'], parts: 3, pooled: true },
    },
  },
  conv2d_backward_w_narrow: {
    check: checkBackwardWNarrow,
    fits: () => true,
    control: { channels: 3 },
    departures: {
      ...{ ...everywhere, ...pools, ...parts },
      'four quads of channels': { batch: 2, size: [9, 9], channels: 3, filters: 64, kernelSize: [7, 7], parts: 2 },
    },
  },
  conv2d_backward_x: {
    check: checkBackwardX,
    fits: () => true,
    control: {},
    departures: {
      ...{ ...everywhere, ...inActivations, ...wide },
      'four quads of channels that relu made': { ...wide['four quads of channels'], inActivation: 'relu' },
    },
  },
  conv2d_rows_forward: {
    check: checkRowsForward,
    fits: fitsRowTiles,
    control: {},
    departures: {
      ...{ ...everywhere, ...pools, ...winograd, ...rowTiles, ...activations },
      'a pool and a row longer than a tile': { pooled: true, size: [6, 17], filters: 24 },
      'a pool, same padding and a row longer than a tile': { pooled: true, padding: 'same', size: [7, 30] },
    },
  },
  conv2d_rows_backward_x: {
    check: checkRowsBackwardX,
    fits: fitsRowTiles,
    control: {},
    departures: { ...everywhere, ...inActivations, ...winograd, ...rowTiles },
  },
  conv2d_winograd_forward: {
    check: checkWinogradForward,
    fits: (s) => fitsWinograd(s) && s.inChannels % 2 === 0,
    control: {},
    departures: { ...everywhere, ...pools, ...winograd, 'no bias': { useBias: false }, tanh: { activation: 'tanh' } },
  },
  conv2d_winograd_backward_x: {
    check: checkWinogradBackwardX,
    fits: (s) => fitsWinograd(s) && s.outChannels % 2 === 0,
    control: {},
    departures: { ...everywhere, ...inActivations, ...winograd },
  },
  'conv2d_winograd_backward_x after a pool': {
    check: checkWinogradBackwardXOfPool,
    fits: (s) =>
      fitsWinograd(s) && s.outChannels % 4 === 0 && readsPooledGradient(s) && Math.min(s.outHeight, s.outWidth) > 1,
    control: {},
    departures: { ...everywhere, ...inActivations, ...winograd },
  },
  conv2d_winograd_backward_w: {
    check: checkWinogradBackwardW,
    fits: fitsWinograd,
    control: {},
    departures: { ...everywhere, ...pools, ...parts, ...winograd },
  },
};

describe.each(Object.entries(passes))('%s', (_, { check, fits, control: own, departures }) => {
  const shapes = Object.entries(departures)
    .map(([title, departure]) => [title, convolution({ ...control, ...own, ...departure })] as const)
    .filter(([, shape]) => fits(shape));

  test.each(shapes)('%s', (_, shape) => checkKernel(gpu, check(shape)));

  test('random shapes', async () => {
    const property = fc.asyncProperty(anyConvolution.filter(fits), fc.nat(1000), (shape, seed) =>
      checkKernel(gpu, check(shape), { seed, pick: seed }),
    );
    await fc.assert(property, { seed: 1, numRuns: 12 });
  });
});

// The values after `exponential` are unbounded, and an empty slot of a short batch may hold anything.
test.each([4, 6])('an infinite input without a gradient has a gradient of zero: %i channels', async (channels) => {
  const given = {
    ...plain,
    batch: 2,
    size: [3, 3] as [number, number],
    channels,
    inActivation: 'exponential' as const,
  };
  const whole = convolution({ ...given, filters: channels, kernelSize: [2, 2] });
  const single = depthwise({ ...given, multiplier: 1, kernelSize: [2, 2] });
  const launchOf = <S>(kernel: Kernel<S>, shape: S) =>
    launchGuarded(gpu, cacheOf(gpu), kernel, shape, kernel.variants?.(shape, gpu.traits)[0] ?? {});
  const launches = [
    await launchOf(conv2dBackwardX, whole),
    await launchOf(conv2dGroupedBackwardX, { ...whole, groups: 2 }),
    await launchOf(depthwiseConv2dBackwardX, single),
  ];
  for (const launch of launches) {
    const { x, dy, w } = launch.elements;
    const half = new Float32Array(x!).fill(2).fill(Infinity, x! / 2);
    const arriving = new Float32Array(dy!).fill(1).fill(0, dy! / 2);
    const { dx } = await launch.run({ x: half, dy: arriving, w: new Float32Array(w!).fill(1) });
    expect([...floats(dx!).slice(x! / 2)]).toEqual([...new Float32Array(x! / 2)]);
    expect(Math.max(...floats(dx!))).toBeGreaterThan(0);
    launch.dispose();
  }
});
