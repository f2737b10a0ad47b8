import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { type Conv2dTransposeShape, conv2dTransposeForward } from '../../src/kernels/conv2d_transpose.ts';
import { cacheOf, checkKernel, floats, type KernelCheck, variantsOf } from '../../src/selftest/kernels/check_kernel.ts';
import {
  checkTransposeBackwardW,
  checkTransposeBackwardWNarrow,
  checkTransposeBackwardX,
  checkTransposeForward,
  fitsTransposeBackwardW,
} from '../../src/selftest/kernels/conv2d_transpose_checks.ts';
import { launchGuarded } from '../../src/selftest/kernels/guarded_launch.ts';
import { plain, type TransposedConvolution, transposed } from '../../src/selftest/kernels/shapes.ts';

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

/** As in a decoder: the output images are twice as large as the input. */
const control: TransposedConvolution = {
  ...plain,
  batch: 2,
  size: [4, 3],
  channels: 12,
  filters: 20,
  kernelSize: [3, 3],
  strides: [2, 2],
  padding: 'same',
};

type Departures = Record<string, Partial<TransposedConvolution>>;

const everywhere: Departures = {
  'the control': {},
  'one image': { batch: 1 },
  'one of everything': { batch: 1, size: [1, 1], channels: 1, filters: 1, kernelSize: [1, 1], strides: [1, 1] },
  'one past a tile': { batch: 1, size: [3, 3], channels: 17, filters: 17 },
  'one filter': { filters: 1 },
  'one channel': { channels: 1 },
  'channels that are not a multiple of four': { channels: 5 },
  'filters that are not a multiple of four': { filters: 6 },
  'neither a multiple of four': { channels: 7, filters: 3 },
  'no strides': { strides: [1, 1] },
  valid: { padding: 'valid' },
  'valid, no strides': { padding: 'valid', strides: [1, 1] },
  'a kernel as large as the stride': { kernelSize: [2, 2] },
  'valid, a kernel as large as the stride': { padding: 'valid', kernelSize: [2, 2] },
  'a kernel smaller than the stride, which leaves pixels to the bias': { kernelSize: [1, 2], strides: [3, 3] },
  'valid, a kernel smaller than the stride': { padding: 'valid', kernelSize: [1, 2], strides: [3, 3] },
  'a kernel of which an odd part is cut off': { kernelSize: [4, 5], strides: [1, 2] },
  'a kernel that is larger than the image': { size: [2, 2], kernelSize: [5, 5] },
  'strides that differ': { strides: [1, 3] },
  dilation: { strides: [1, 1], dilation: [2, 3] },
  'dilation, valid, filters that are not a multiple of four': { padding: 'valid', filters: 3, dilation: [2, 1] },
};

const activations: Departures = {
  'no bias': { useBias: false },
  'no bias, filters that are not a multiple of four': { useBias: false, filters: 5 },
  relu: { activation: 'relu' },
  'relu, filters that are not a multiple of four': { activation: 'relu', filters: 5 },
  tanh: { activation: 'tanh' },
  sigmoid: { activation: 'sigmoid' },
};

/** None of these numbers of parts divides the seven images, except the last. */
const parts: Departures = {
  'two parts': { batch: 7, parts: 2 },
  'five parts, channels that are not a multiple of four': { batch: 7, parts: 5, channels: 6 },
  'a part an image, filters that are not a multiple of four': { batch: 7, parts: 7, filters: 5 },
  'more filters than a workgroup adds up at once': { batch: 2, size: [2, 2], channels: 4, filters: 300, parts: 2 },
  'a small filter': { filters: 4, channels: 4, kernelSize: [1, 1], batch: 3, parts: 2 },
};

const inActivations: Departures = {
  'relu made x': { inActivation: 'relu' },
  'tanh made x': { inActivation: 'tanh' },
  'sigmoid made x': { inActivation: 'sigmoid' },
  'relu made x, channels that are not a multiple of four': { inActivation: 'relu', channels: 5 },
};

const pairUpTo = (most: number) => fc.tuple(fc.integer({ min: 1, max: most }), fc.integer({ min: 1, max: most }));
const anyActivation = fc.constantFrom('linear' as const, 'relu' as const, 'tanh' as const, 'sigmoid' as const);

const anyTransposed = fc
  .record({
    batch: fc.integer({ min: 1, max: 4 }),
    size: pairUpTo(6),
    channels: fc.integer({ min: 1, max: 9 }),
    filters: fc.integer({ min: 1, max: 18 }),
    kernelSize: pairUpTo(4),
    strides: pairUpTo(3),
    dilation: pairUpTo(2),
    padding: fc.constantFrom('valid' as const, 'same' as const),
    useBias: fc.boolean(),
    activation: anyActivation,
    inActivation: anyActivation,
    parts: fc.integer({ min: 1, max: 4 }),
  })
  .map((c) => transposed({ ...c, parts: Math.min(c.parts, c.batch) }))
  // A smaller image can fall between the elements of a dilated kernel, which then contributes nothing to it.
  .filter((s) => s.outHeight >= s.dilationY! && s.outWidth >= s.dilationX!);

const passes: Record<
  string,
  {
    check: (shape: Conv2dTransposeShape) => KernelCheck<Conv2dTransposeShape>;
    departures: Departures;
    fits?: (shape: Conv2dTransposeShape) => boolean;
  }
> = {
  conv2d_transpose_forward: { check: checkTransposeForward, departures: { ...everywhere, ...activations } },
  conv2d_transpose_backward_x: { check: checkTransposeBackwardX, departures: { ...everywhere, ...inActivations } },
  conv2d_transpose_backward_w: {
    check: checkTransposeBackwardW,
    departures: { ...everywhere, ...parts },
    fits: fitsTransposeBackwardW,
  },
  conv2d_transpose_backward_w_narrow: {
    check: checkTransposeBackwardWNarrow,
    departures: { ...everywhere, ...parts },
  },
};

describe.each(Object.entries(passes))('%s', (_, { check, departures, fits = () => true }) => {
  const shapes = Object.entries(departures)
    .map(([title, departure], i) => [title, i, transposed({ ...control, ...departure })] as const)
    .filter(([, , shape]) => fits(shape));

  // The tiles are the convolutions', whose tests cover every variant; here the variants rotate after the control.
  test.each(shapes)('%s', (_, i, shape) => checkKernel(gpu, check(shape), i === 0 ? {} : { pick: i }));

  test('random shapes', async () => {
    const property = fc.asyncProperty(anyTransposed.filter(fits), fc.nat(1000), (shape, seed) =>
      checkKernel(gpu, check(shape), { seed, pick: seed }),
    );
    await fc.assert(property, { seed: 1, numRuns: 12 });
  });
});

test('a 2x2 kernel of stride 2 by hand, with its bias', async () => {
  const shape = transposed({ ...control, batch: 1, size: [1, 2], channels: 1, filters: 1, kernelSize: [2, 2] });
  for (const variant of variantsOf(conv2dTransposeForward, shape, gpu.traits)) {
    const launch = await launchGuarded(gpu, cacheOf(gpu), conv2dTransposeForward, shape, variant);
    const { y } = await launch.run({
      x: Float32Array.of(1, 10),
      w: Float32Array.of(1, 2, 3, 4),
      b: Float32Array.of(0.5),
    });
    expect([...floats(y!)]).toEqual([1.5, 2.5, 10.5, 20.5, 3.5, 4.5, 30.5, 40.5]);
    launch.dispose();
  }
});
