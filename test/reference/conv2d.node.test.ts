import { describe, expect, test } from 'vitest';
import type { Conv2dShape } from '../../src/kernels/conv2d.ts';
import { activate, derivative } from '../../src/reference/activation.ts';
import { conv2dBackwardW, conv2dBackwardX, conv2dForward } from '../../src/reference/conv2d.ts';
import { magnitude } from '../../src/reference/magnitude.ts';
import { dot, expectGradient, numbers } from './central_differences.ts';

const control: Conv2dShape = {
  batch: 2,
  inHeight: 5,
  inWidth: 6,
  inChannels: 2,
  outHeight: 3,
  outWidth: 4,
  outChannels: 3,
  kernelHeight: 3,
  kernelWidth: 3,
  strideY: 1,
  strideX: 1,
  padTop: 0,
  padLeft: 0,
  useBias: true,
  activation: 'linear',
  inActivation: 'linear',
  parts: 1,
  pooled: false,
};

const departures: [string, Partial<Conv2dShape>][] = [
  ['the control', {}],
  ['one image, one channel', { batch: 1, inChannels: 1, outChannels: 1 }],
  ['a kernel that is not square', { kernelHeight: 2, kernelWidth: 4, outHeight: 4, outWidth: 3 }],
  ['strides', { strideY: 2, strideX: 3, outHeight: 2, outWidth: 2 }],
  ['same padding', { padTop: 1, padLeft: 1, outHeight: 5, outWidth: 6 }],
  ['same padding and strides', { strideY: 2, strideX: 2, padTop: 1, padLeft: 0, outHeight: 3, outWidth: 3 }],
  ['dilation', { dilationY: 2, dilationX: 2, outHeight: 1, outWidth: 2 }],
  ['dilation and same padding', { dilationX: 2, padTop: 1, padLeft: 2, outHeight: 5, outWidth: 6 }],
  ['groups', { groups: 2, inChannels: 4, outChannels: 6 }],
  ['groups, dilation and strides', { groups: 3, inChannels: 3, strideX: 3, dilationY: 2, outHeight: 1, outWidth: 2 }],
  ['no bias', { useBias: false }],
  ['relu', { activation: 'relu' }],
  ['tanh', { activation: 'tanh' }],
  ['sigmoid', { activation: 'sigmoid' }],
  ['a pool behind', { pooled: true, activation: 'relu' }],
  ['a pool that drops a row', { pooled: true, activation: 'tanh', kernelHeight: 2, outHeight: 4, outWidth: 4 }],
];

function inputs(s: Conv2dShape) {
  return {
    x: numbers(s.batch * s.inHeight * s.inWidth * s.inChannels, 1),
    w: numbers((s.kernelHeight * s.kernelWidth * s.inChannels * s.outChannels) / (s.groups ?? 1), 2),
    b: numbers(s.outChannels, 3),
  };
}

test('a convolution by hand', () => {
  const s = { ...control, batch: 1, inHeight: 2, inWidth: 3, inChannels: 1, outHeight: 1, outWidth: 2, outChannels: 1 };
  const shape = { ...s, kernelHeight: 2, kernelWidth: 2, activation: 'relu' as const };
  // 1*1 + 2*0 + 4*-1 + 5*2 - 3 = 4 and 2*1 + 3*0 + 5*-1 + 6*2 - 3 = 6.
  expect([...conv2dForward(shape, { x: [1, 2, 3, 4, 5, 6], w: [1, 0, -1, 2], b: [-3] }).y]).toEqual([4, 6]);
  expect([...conv2dForward(shape, { x: [1, 2, 3, 4, 5, 6], w: [1, 0, -1, 2], b: [-9] }).y]).toEqual([0, 0]);
  const size = magnitude(conv2dForward, shape, { x: [1, 2, 3, 4, 5, 6], w: [1, 0, -1, 2], b: [-9] });
  expect([...size.y]).toEqual([24, 28]);
});

describe('gradients against central differences', () => {
  test.each(departures)('%s', (_, departure) => {
    const s = { ...control, ...departure };
    const { x, w, b } = inputs(s);
    // The gradient of y is random; the passes take the gradient before the activation.
    const { y, argmax } = conv2dForward(s, { x, w, b });
    const out = numbers(y.length, 4);
    const loss = () => dot(conv2dForward(s, { x, w, b }).y, out);
    const dy = y.map((value, i) => derivative(s.activation, value) * out[i]!);
    const { dw, db } = conv2dBackwardW(s, { x, dy, argmax });
    expectGradient('w', loss, w, dw);
    if (s.useBias) expectGradient('b', loss, b, db);
    if (!s.pooled) expectGradient('x', loss, x, conv2dBackwardX(s, { w, dy }).dx);
  });

  test.each(['relu', 'tanh', 'sigmoid'] as const)('what made x was %s', (inActivation) => {
    const s = { ...control, inActivation };
    const { x: z, w, b } = inputs(s);
    const x = () => z.map((value) => activate(inActivation, value));
    const dy = numbers(s.batch * s.outHeight * s.outWidth * s.outChannels, 4);
    const loss = () => dot(conv2dForward(s, { x: x(), w, b }).y, dy);
    expectGradient('z', loss, z, conv2dBackwardX(s, { w, dy, x: x() }).dx);
  });
});
