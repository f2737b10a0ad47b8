import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Conv2dShape } from '../../src/kernels/conv2d.ts';
import * as conv2d from '../../src/reference/conv2d.ts';
import * as transpose from '../../src/reference/conv2d_transpose.ts';
import * as depthwiseTwin from '../../src/reference/depthwise_conv2d.ts';
import { magnitude } from '../../src/reference/magnitude.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import {
  type Convolution,
  convolution,
  type DepthwiseConvolution,
  depthwise,
  plain,
  type TransposedConvolution,
  transposed,
} from '../../src/selftest/kernels/shapes.ts';
import { boundOf, tolerances } from '../../src/selftest/tolerance.ts';
import { numbers } from './central_differences.ts';

// The layers of TensorFlow.js have Keras' arguments and kernels; here they compute in float32 on the CPU.
beforeAll(() => tf.setBackend('cpu'));

const some = (count: number, seed: number) => Float32Array.from(numbers(count, seed));
const sizeOf = (shape: readonly (number | null)[]) => shape.reduce<number>((size, n) => size * n!, 1);

/** Builds a layer for x and sets its weights. Returns its output's shape and values. */
async function outputOf(layer: tfl.layers.Layer, x: tf.Tensor, weights: Float32Array[]) {
  layer.apply(tf.zerosLike(x));
  layer.setWeights(layer.getWeights().map(({ shape }, i) => tf.tensor(weights[i]!, shape)));
  const y = layer.apply(x) as tf.Tensor;
  return { shape: y.shape, values: await y.data() };
}

const image: Convolution = {
  ...plain,
  batch: 2,
  size: [7, 6],
  channels: 3,
  filters: 4,
  kernelSize: [3, 3],
  activation: 'tanh',
};
const argumentsOf = (layer: Omit<Convolution, 'filters' | 'pooled'>) => ({
  kernelSize: layer.kernelSize,
  strides: layer.strides,
  padding: layer.padding,
  dilationRate: layer.dilation ?? [1, 1],
  activation: layer.activation as 'tanh',
});

describe('conv2d compared with TensorFlow.js', () => {
  test.each<[string, Partial<Convolution>]>([
    ['dilation', { dilation: [2, 2] }],
    ['dilation and same padding', { dilation: [2, 2], padding: 'same' }],
  ])('%s', async (_, departure) => {
    const layer = { ...image, ...departure };
    const s = convolution(layer);
    const x = some(sizeOf([2, 7, 6, 3]), 1);
    const [w, b] = [some(3 * 3 * 3 * 4, 2), some(4, 3)];
    const { filters } = layer;
    const theirs = await outputOf(tfl.layers.conv2d({ ...argumentsOf(layer), filters }), tf.tensor(x, [2, 7, 6, 3]), [
      w,
      b,
    ]);
    expect(theirs.shape).toEqual([2, s.outHeight, s.outWidth, 4]);
    const { y } = conv2d.conv2dForward(s, { x, w, b });
    const size = magnitude(conv2d.conv2dForward, s, { x, w, b }).y;
    expectWithin('y', theirs.values, y, boundOf(tolerances.activated, y, { terms: 28, magnitude: size }));
  });
});

// TensorFlow.js' layer ignores dilationRate ("TODO: Add support for dilation"); PyTorch's numbers cover it.
const depthwiseCases: [string, Partial<DepthwiseConvolution>][] = [
  ['a multiplier of one', { multiplier: 1, padding: 'same' }],
  ['a multiplier of two, strides', { multiplier: 2, padding: 'same', strides: [2, 2] }],
  ['a multiplier of three, valid, a kernel that is not square', { multiplier: 3, kernelSize: [2, 4] }],
];

describe('depthwiseConv2d compared with TensorFlow.js', () => {
  test.each(depthwiseCases)('%s', async (_, departure) => {
    const layer: DepthwiseConvolution = { ...image, multiplier: 1, ...departure };
    const s = depthwise(layer);
    const x = some(sizeOf([2, 7, 6, 3]), 1);
    const w = some(s.kernelHeight * s.kernelWidth * 3 * s.multiplier, 2);
    const b = some(3 * s.multiplier, 3);
    const theirs = await outputOf(
      tfl.layers.depthwiseConv2d({ ...argumentsOf(layer), depthMultiplier: s.multiplier }),
      tf.tensor(x, [2, 7, 6, 3]),
      [w, b],
    );
    expect(theirs.shape).toEqual([2, s.outHeight, s.outWidth, 3 * s.multiplier]);
    const { y } = depthwiseTwin.depthwiseConv2dForward(s, { x, w, b });
    const size = magnitude(depthwiseTwin.depthwiseConv2dForward, s, { x, w, b }).y;
    const terms = s.kernelHeight * s.kernelWidth + 1;
    expectWithin('y', theirs.values, y, boundOf(tolerances.activated, y, { terms, magnitude: size }));
  });
});

test('separableConv2d compared with TensorFlow.js: a depthwise convolution without a bias, then a 1x1 convolution', async () => {
  const first = depthwise({
    ...image,
    multiplier: 2,
    padding: 'same',
    strides: [2, 2],
    useBias: false,
    activation: 'linear',
  });
  const second = convolution({
    ...image,
    size: [first.outHeight, first.outWidth],
    channels: 6,
    filters: 5,
    kernelSize: [1, 1],
  });
  const x = some(sizeOf([2, 7, 6, 3]), 1);
  const [w, pointwise, b] = [some(3 * 3 * 3 * 2, 2), some(6 * 5, 3), some(5, 4)];
  const theirs = await outputOf(
    tfl.layers.separableConv2d({
      ...argumentsOf({ ...image, padding: 'same', strides: [2, 2] }),
      filters: 5,
      depthMultiplier: 2,
    }),
    tf.tensor(x, [2, 7, 6, 3]),
    [w, pointwise, b],
  );
  const separable = (given: Record<'x' | 'w' | 'pointwise' | 'b', Float32Array>, shape: Conv2dShape) => {
    const inner = depthwiseTwin.depthwiseConv2dForward(first, given).y;
    return conv2d.conv2dForward(shape, { x: inner, w: given.pointwise, b: given.b }).y;
  };
  const y = separable({ x, w, pointwise, b }, second);
  const absolute = (values: Float32Array) => values.map(Math.abs);
  const size = separable(
    { x: absolute(x), w: absolute(w), pointwise: absolute(pointwise), b: absolute(b) },
    { ...second, activation: 'linear' },
  );
  expectWithin('y', theirs.values, y, boundOf(tolerances.activated, y, { terms: 9 + 7, magnitude: size }));
});

describe('conv2dTranspose compared with TensorFlow.js', () => {
  test.each<[string, Partial<TransposedConvolution>]>([
    ['valid', {}],
    ['valid, strides', { strides: [2, 2] }],
    ['same, strides', { strides: [2, 2], padding: 'same' }],
    ['same, an odd part cut off', { kernelSize: [4, 5], strides: [1, 2], padding: 'same' }],
    ['same, a kernel smaller than the stride', { kernelSize: [1, 2], strides: [3, 3], padding: 'same' }],
    ['valid, a kernel smaller than the stride', { kernelSize: [1, 2], strides: [3, 3] }],
    ['no bias', { useBias: false, strides: [2, 1], padding: 'same' }],
  ])('%s', async (_, departure) => {
    const layer: TransposedConvolution = { ...image, size: [3, 4], ...departure };
    const s = transposed(layer);
    const given = {
      x: some(sizeOf([2, 3, 4, 3]), 1),
      w: some(s.kernelHeight * s.kernelWidth * 4 * 3, 2),
      b: some(4, 3),
    };
    const { kernelSize, strides, padding, activation } = argumentsOf(layer);
    const theirs = await outputOf(
      tfl.layers.conv2dTranspose({ kernelSize, strides, padding, activation, filters: 4, useBias: s.useBias }),
      tf.tensor(given.x, [2, 3, 4, 3]),
      s.useBias ? [given.w, given.b] : [given.w],
    );
    expect(theirs.shape).toEqual([2, s.outHeight, s.outWidth, 4]);
    const { y } = transpose.conv2dTransposeForward(s, given);
    const size = magnitude(transpose.conv2dTransposeForward, s, given).y;
    const terms = s.kernelHeight * s.kernelWidth * 3 + 1;
    expectWithin('y', theirs.values, y, boundOf(tolerances.activated, y, { terms, magnitude: size }));
  });
});
