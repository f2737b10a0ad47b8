import { describe, expect, test } from 'vitest';
import type { DepthwiseConv2dShape } from '../../src/kernels/depthwise_conv2d.ts';
import { activate, derivative } from '../../src/reference/activation.ts';
import {
  depthwiseConv2dBackwardW,
  depthwiseConv2dBackwardX,
  depthwiseConv2dForward,
} from '../../src/reference/depthwise_conv2d.ts';
import { type DepthwiseConvolution, depthwise, plain } from '../../src/selftest/kernels/shapes.ts';
import { dot, expectGradient, numbers } from './central_differences.ts';

const control: DepthwiseConvolution = {
  ...plain,
  batch: 2,
  size: [5, 6],
  channels: 2,
  multiplier: 2,
  kernelSize: [3, 3],
};

const inputs = (s: DepthwiseConv2dShape) => ({
  x: numbers(s.batch * s.inHeight * s.inWidth * s.channels, 1),
  w: numbers(s.kernelHeight * s.kernelWidth * s.channels * s.multiplier, 2),
  b: numbers(s.channels * s.multiplier, 3),
});

test('a depthwise convolution by hand: output channel c * multiplier + m', () => {
  const s = depthwise({ ...control, batch: 1, size: [1, 2], kernelSize: [1, 2] });
  // [x of pixel 0, x of pixel 1] . [w of column 0, w of column 1] + b, for channels (0, 0), (0, 1), (1, 0), (1, 1).
  const { y } = depthwiseConv2dForward(s, { x: [1, 10, 2, 20], w: [1, 2, 3, 4, 5, 6, 7, 8], b: [0.5, 0, 0, -0.5] });
  expect([...y]).toEqual([1 * 1 + 2 * 5 + 0.5, 1 * 2 + 2 * 6, 10 * 3 + 20 * 7, 10 * 4 + 20 * 8 - 0.5]);
});

describe('gradients against central differences', () => {
  test.each<[string, Partial<DepthwiseConvolution>]>([
    ['the control', {}],
    ['one channel, a multiplier of one', { batch: 1, channels: 1, multiplier: 1 }],
    ['a kernel that is not square', { kernelSize: [2, 4] }],
    ['strides and same padding', { padding: 'same', strides: [2, 3] }],
    ['dilation', { dilation: [2, 1], padding: 'same' }],
    ['no bias', { useBias: false }],
    ['tanh', { activation: 'tanh' }],
    ['relu', { activation: 'relu' }],
  ])('%s', (_, departure) => {
    const s = depthwise({ ...control, ...departure });
    const { x, w, b } = inputs(s);
    const { y } = depthwiseConv2dForward(s, { x, w, b });
    const out = numbers(y.length, 4);
    const loss = () => dot(depthwiseConv2dForward(s, { x, w, b }).y, out);
    const dy = y.map((value, i) => derivative(s.activation, value) * out[i]!);
    const { dw, db } = depthwiseConv2dBackwardW(s, { x, dy });
    expectGradient('w', loss, w, dw);
    if (s.useBias) expectGradient('b', loss, b, db);
    expectGradient('x', loss, x, depthwiseConv2dBackwardX(s, { w, dy }).dx);
  });

  test.each(['relu', 'tanh', 'sigmoid'] as const)('%s made x', (inActivation) => {
    const s = depthwise({ ...control, inActivation });
    const { x: z, w, b } = inputs(s);
    const x = () => z.map((value) => activate(inActivation, value));
    const { y } = depthwiseConv2dForward(s, { x: x(), w, b });
    const dy = numbers(y.length, 4);
    const loss = () => dot(depthwiseConv2dForward(s, { x: x(), w, b }).y, dy);
    expectGradient('z', loss, z, depthwiseConv2dBackwardX(s, { w, dy, x: x() }).dx);
  });
});
