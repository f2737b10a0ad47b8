import { describe, expect, test } from 'vitest';
import {
  type Conv2dTransposeShape,
  transposedAxis,
  transposedConvolution,
} from '../../src/kernels/conv2d_transpose.ts';
import { activate, derivative } from '../../src/reference/activation.ts';
import { conv2dBackwardX, conv2dForward } from '../../src/reference/conv2d.ts';
import {
  conv2dTransposeBackwardW,
  conv2dTransposeBackwardX,
  conv2dTransposeForward,
} from '../../src/reference/conv2d_transpose.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import { plain, type TransposedConvolution, transposed } from '../../src/selftest/kernels/shapes.ts';
import { dot, expectGradient, numbers } from './central_differences.ts';

const control: TransposedConvolution = {
  ...plain,
  batch: 2,
  size: [3, 2],
  channels: 2,
  filters: 3,
  kernelSize: [3, 3],
  strides: [2, 2],
  padding: 'same',
};

const inputs = (s: Conv2dTransposeShape) => ({
  x: numbers(s.batch * s.inHeight * s.inWidth * s.inChannels, 1),
  w: numbers(s.kernelHeight * s.kernelWidth * s.outChannels * s.inChannels, 2),
  b: numbers(s.outChannels, 3),
});

// Keras' deconv_output_length: n * s for same, n * s + max(k - s, 0) for valid. With same, TensorFlow crops the odd row or column
// at the end.
test.each([
  [
    { length: 5, kernel: 3, stride: 1, padding: 'valid' },
    { length: 7, pad: 0 },
  ],
  [
    { length: 5, kernel: 3, stride: 2, padding: 'valid' },
    { length: 11, pad: 0 },
  ],
  [
    { length: 5, kernel: 2, stride: 3, padding: 'valid' },
    { length: 15, pad: 0 },
  ],
  [
    { length: 5, kernel: 3, stride: 1, padding: 'same' },
    { length: 5, pad: 1 },
  ],
  [
    { length: 5, kernel: 4, stride: 1, padding: 'same' },
    { length: 5, pad: 1 },
  ],
  [
    { length: 5, kernel: 3, stride: 2, padding: 'same' },
    { length: 10, pad: 0 },
  ],
  [
    { length: 5, kernel: 5, stride: 2, padding: 'same' },
    { length: 10, pad: 1 },
  ],
  [
    { length: 5, kernel: 2, stride: 3, padding: 'same' },
    { length: 15, pad: 0 },
  ],
  [
    { length: 5, kernel: 3, stride: 1, padding: 'valid', dilation: 2 },
    { length: 9, pad: 0 },
  ],
] as const)('transposedAxis: %j gives %j', (axis, expected) => {
  const { length, kernel, stride, padding } = axis;
  expect(transposedAxis(length, kernel, stride, padding, 'dilation' in axis ? axis.dilation : 1)).toEqual(expected);
});

test.each<[string, Partial<TransposedConvolution>]>([
  ['same, strides', {}],
  ['valid, a kernel smaller than the stride', { padding: 'valid', kernelSize: [1, 2], strides: [3, 3] }],
  ['dilation', { strides: [1, 1], dilation: [2, 1] }],
])('it is the data gradient of transposedConvolution: %s', (_, departure) => {
  const s = transposed({ ...control, ...departure });
  const { x, w } = inputs(s);
  const convolution = transposedConvolution(s);
  const y = conv2dTransposeForward({ ...s, useBias: false }, { x, w }).y;
  expectWithin('y', y, conv2dBackwardX(convolution, { w, dy: x }).dx, 1e-13);
  const dy = numbers(y.length, 4);
  expectWithin('dx', conv2dTransposeBackwardX(s, { w, dy }).dx, conv2dForward(convolution, { x: dy, w }).y, 1e-13);
});

describe('gradients against central differences', () => {
  test.each<[string, Partial<TransposedConvolution>]>([
    ['the control', {}],
    ['one of everything', { batch: 1, size: [1, 1], channels: 1, filters: 1, kernelSize: [1, 1] }],
    ['valid', { padding: 'valid' }],
    ['a kernel smaller than the stride', { kernelSize: [1, 2], strides: [3, 3] }],
    ['dilation', { strides: [1, 1], dilation: [2, 1] }],
    ['no bias', { useBias: false }],
    ['tanh', { activation: 'tanh' }],
    ['sigmoid', { activation: 'sigmoid' }],
  ])('%s', (_, departure) => {
    const s = transposed({ ...control, ...departure });
    const { x, w, b } = inputs(s);
    const { y } = conv2dTransposeForward(s, { x, w, b });
    const out = numbers(y.length, 4);
    const loss = () => dot(conv2dTransposeForward(s, { x, w, b }).y, out);
    const dy = y.map((value, i) => derivative(s.activation, value) * out[i]!);
    const { dw, db } = conv2dTransposeBackwardW(s, { x, dy });
    expectGradient('w', loss, w, dw);
    if (s.useBias) expectGradient('b', loss, b, db);
    expectGradient('x', loss, x, conv2dTransposeBackwardX(s, { w, dy }).dx);
  });

  test.each(['relu', 'tanh', 'sigmoid'] as const)('%s made x', (inActivation) => {
    const s = transposed({ ...control, inActivation });
    const { x: z, w, b } = inputs(s);
    const x = () => z.map((value) => activate(inActivation, value));
    const { y } = conv2dTransposeForward(s, { x: x(), w, b });
    const dy = numbers(y.length, 4);
    const loss = () => dot(conv2dTransposeForward(s, { x: x(), w, b }).y, dy);
    expectGradient('z', loss, z, conv2dTransposeBackwardX(s, { w, dy, x: x() }).dx);
  });
});
