import { afterAll, describe, expect, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import type { Kernel } from '../../src/gpu/kernel.ts';
import type { Activation } from '../../src/kernels/activation.ts';
import { conv2dBackwardW, conv2dBackwardX, conv2dForward, conv2dForwardNarrow } from '../../src/kernels/conv2d.ts';
import {
  conv2dGroupedBackwardW,
  conv2dGroupedBackwardX,
  conv2dGroupedForward,
} from '../../src/kernels/conv2d_grouped.ts';
import {
  conv2dTransposeBackwardW,
  conv2dTransposeBackwardX,
  conv2dTransposeForward,
} from '../../src/kernels/conv2d_transpose.ts';
import {
  depthwiseConv2dBackwardW,
  depthwiseConv2dBackwardX,
  depthwiseConv2dForward,
} from '../../src/kernels/depthwise_conv2d.ts';
import { maxPoolForward } from '../../src/kernels/max_pool_forward.ts';
import * as reference from '../../src/reference/conv2d.ts';
import * as transposes from '../../src/reference/conv2d_transpose.ts';
import * as depthwises from '../../src/reference/depthwise_conv2d.ts';
import * as pools from '../../src/reference/max_pool.ts';
import { cacheOf, floats, packed, variantsOf } from '../../src/selftest/kernels/check_kernel.ts';
import { type Contents, launchGuarded } from '../../src/selftest/kernels/guarded_launch.ts';
import {
  type Convolution,
  convolution,
  depthwise,
  plain,
  pool,
  transposed,
} from '../../src/selftest/kernels/shapes.ts';
import { numbers } from '../reference/central_differences.ts';

// NaN must propagate to the loss and to the gradients' norms, where it is detected.
const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

const some = (count: number, seed: number) => Float32Array.from(numbers(count, seed));

/** Runs every variant and requires NaN wherever the twin has it. There may be more, because shaders also multiply by zero. */
async function expectNaNs<S>(
  kernel: Kernel<S>,
  shape: S,
  contents: Record<string, Contents>,
  expected: Record<string, ArrayLike<number>>,
): Promise<void> {
  for (const variant of variantsOf(kernel, shape, gpu.traits)) {
    const launch = await launchGuarded(gpu, cacheOf(gpu), kernel, shape, variant);
    const outputs = await launch.run(contents);
    launch.dispose();
    for (const [name, twin] of Object.entries(expected)) {
      const expected = [...Array(twin.length).keys()].filter((i) => Number.isNaN(twin[i]));
      expect(expected.length).toBeGreaterThan(0);
      const found = expected.filter((i) => Number.isNaN(floats(outputs[name]!)[i]));
      expect(found, `${kernel.name}.${name} as ${JSON.stringify(variant)}`).toEqual(expected);
    }
  }
}

describe.each([4, 3])('max_pool_forward of %i channels', (channels) => {
  const shape = pool({ batch: 1, size: [6, 6], channels, poolSize: [3, 3], strides: [3, 3], padding: 'valid' });
  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8])('a NaN in place %i of a window wins', async (place) => {
    const x = some(6 * 6 * channels, 1);
    x[((place < 3 ? 0 : place < 6 ? 1 : 2) * 6 + (place % 3)) * channels + 1] = Number.NaN;
    const { y, argmax } = pools.maxPoolForward(shape, { x });
    expect(argmax[1]).toBe(place);
    await expectNaNs(maxPoolForward, shape, { x }, { y });
  });
});

const small: Convolution = {
  ...plain,
  batch: 1,
  size: [5, 5],
  channels: 1,
  filters: 4,
  kernelSize: [2, 2],
};
const activations: Activation[] = ['linear', 'relu', 'tanh', 'sigmoid'];

describe.each([conv2dForward, conv2dForwardNarrow])('$name', (kernel) => {
  const inputs = { x: some(25, 1), w: some(16, 2), b: some(4, 3) };
  describe.each([false, true])('a pool behind: %s', (pooled) => {
    test.each(activations)('%s shows a NaN in x, in w and in b', async (activation) => {
      const shape = convolution({ ...small, activation, pooled });
      for (const [name, at] of [
        ['x', 12],
        ['x', 0],
        ['x', 24],
        ['w', 5],
        ['b', 2],
      ] as const) {
        const broken = { ...inputs, [name]: inputs[name].slice().fill(Number.NaN, at, at + 1) };
        await expectNaNs(kernel, shape, broken, { y: reference.conv2dForward(shape, broken).y });
      }
    });
  });

  test.each([0, 1, 2, 3])('relu and a pool show a NaN in place %i of a window', async (place) => {
    const shape = convolution({ ...small, kernelSize: [1, 1], size: [4, 4], activation: 'relu', pooled: true });
    const x = some(16, 4);
    x[(place >> 1) * 4 + (place & 1)] = Number.NaN;
    const broken = { x, w: some(4, 2), b: some(4, 3) };
    await expectNaNs(kernel, shape, broken, { y: reference.conv2dForward(shape, broken).y });
  });
});

test.each(activations)('conv2d_backward_x shows a NaN in dy and in w: %s made x', async (inActivation) => {
  const shape = convolution({ ...small, channels: 4, inActivation });
  const x = some(100, 1).map((v) => Math.abs(v));
  const inputs = { w: some(64, 2), dy: some(64, 3), ...(inActivation !== 'linear' && { x }) };
  for (const name of ['w', 'dy'] as const) {
    const broken = { ...inputs, [name]: inputs[name].slice().fill(Number.NaN, 7, 8) };
    await expectNaNs(conv2dBackwardX, shape, broken, { dx: reference.conv2dBackwardX(shape, broken).dx });
  }
});

test.each([false, true])('conv2d_backward_w shows a NaN in dy and in x; a pool behind: %s', async (pooled) => {
  const shape = convolution({ ...small, channels: 4, pooled });
  const cells = pooled ? 4 : 16;
  const argmax = Uint8Array.from({ length: cells * 4 }, (_, i) => i % 4);
  const inputs = { x: some(100, 1), dy: some(cells * 4, 3) };
  for (const name of ['x', 'dy'] as const) {
    const broken = { ...inputs, [name]: inputs[name].slice().fill(Number.NaN, 7, 8) };
    const twin = reference.conv2dBackwardW(shape, { ...broken, argmax });
    // A NaN in x does not affect the bias.
    const expected: Record<string, Float64Array> = name === 'x' ? { dw: twin.dw } : { dw: twin.dw, db: twin.db };
    await expectNaNs(conv2dBackwardW, shape, { ...broken, ...(pooled && { argmax: packed(argmax) }) }, expected);
  }
});

/** Numbers for every input, with a NaN in one of them. */
const withNaN = (sizes: Record<string, number>, name: string) =>
  Object.fromEntries(
    Object.entries(sizes).map(([key, size], i) => {
      const values = some(size, i + 1);
      return [key, key === name ? values.fill(Number.NaN, 1, 2) : values];
    }),
  ) as Record<'x' | 'w' | 'b' | 'dy', Float32Array>;

/** Every result computed from a NaN is NaN: forward passes with x, w and b; gradients with their factors. */
describe.each(activations)('convolutions of other kinds, %s', (activation) => {
  const common: Convolution = {
    ...small,
    padding: 'same',
    channels: 8,
    filters: 8,
    activation,
    inActivation: activation,
  };
  const grouped = convolution({ ...common, groups: 2 });
  const depths = depthwise({ ...common, multiplier: 1 });
  const transpose = transposed(common);
  const image = 5 * 5 * 8;
  const kinds = [
    [
      conv2dGroupedForward.name,
      2 * 2 * 4 * 8,
      (inputs: ReturnType<typeof withNaN>) => [
        () => expectNaNs(conv2dGroupedForward, grouped, inputs, { y: reference.conv2dForward(grouped, inputs).y }),
        () =>
          expectNaNs(conv2dGroupedBackwardX, grouped, inputs, { dx: reference.conv2dBackwardX(grouped, inputs).dx }),
        () =>
          expectNaNs(conv2dGroupedBackwardW, grouped, inputs, { dw: reference.conv2dBackwardW(grouped, inputs).dw }),
      ],
    ],
    [
      depthwiseConv2dForward.name,
      2 * 2 * 8,
      (inputs: ReturnType<typeof withNaN>) => [
        () =>
          expectNaNs(depthwiseConv2dForward, depths, inputs, {
            y: depthwises.depthwiseConv2dForward(depths, inputs).y,
          }),
        () =>
          expectNaNs(depthwiseConv2dBackwardX, depths, inputs, {
            dx: depthwises.depthwiseConv2dBackwardX(depths, inputs).dx,
          }),
        () =>
          expectNaNs(depthwiseConv2dBackwardW, depths, inputs, {
            dw: depthwises.depthwiseConv2dBackwardW(depths, inputs).dw,
          }),
      ],
    ],
    [
      conv2dTransposeForward.name,
      2 * 2 * 8 * 8,
      (inputs: ReturnType<typeof withNaN>) => [
        () =>
          expectNaNs(conv2dTransposeForward, transpose, inputs, {
            y: transposes.conv2dTransposeForward(transpose, inputs).y,
          }),
        () =>
          expectNaNs(conv2dTransposeBackwardX, transpose, inputs, {
            dx: transposes.conv2dTransposeBackwardX(transpose, inputs).dx,
          }),
        () =>
          expectNaNs(conv2dTransposeBackwardW, transpose, inputs, {
            dw: transposes.conv2dTransposeBackwardW(transpose, inputs).dw,
          }),
      ],
    ],
  ] as const;

  test.each(kinds)('%s and its gradients', async (_, weights, passes) => {
    for (const [name, which] of [
      ['x', [0, 2]],
      ['w', [0, 1]],
      ['b', [0]],
      ['dy', [1, 2]],
    ] as const) {
      const inputs = withNaN({ x: image, w: weights, b: 8, dy: image }, name);
      for (const i of which) await passes(inputs)[i]!();
    }
  });
});
