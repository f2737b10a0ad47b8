import { expect, test } from 'vitest';
import { asConvolution, type DenseShape } from '../../src/kernels/dense.ts';
import { activate, derivative } from '../../src/reference/activation.ts';
import { conv2dBackwardW, conv2dBackwardX, conv2dForward } from '../../src/reference/conv2d.ts';
import { denseBackwardW, denseBackwardX, denseForward } from '../../src/reference/dense.ts';
import { dot, expectGradient, numbers } from './central_differences.ts';

const control: DenseShape = {
  batch: 3,
  inputs: 5,
  outputs: 4,
  useBias: true,
  activation: 'linear',
  inActivation: 'linear',
};

const departures: [string, Partial<DenseShape>][] = [
  ['the control', {}],
  ['one of each', { batch: 1, inputs: 1, outputs: 1 }],
  ['no bias', { useBias: false }],
  ['relu', { activation: 'relu', inActivation: 'relu' }],
  ['tanh', { activation: 'tanh', inActivation: 'tanh' }],
  ['sigmoid', { activation: 'sigmoid', inActivation: 'sigmoid' }],
];

function inputs(s: DenseShape) {
  const z = numbers(s.batch * s.inputs, 1);
  return { z, w: numbers(s.inputs * s.outputs, 2), b: numbers(s.outputs, 3), out: numbers(s.batch * s.outputs, 4) };
}

test.each(departures)('gradients against central differences: %s', (_, departure) => {
  const s = { ...control, ...departure };
  const { z, w, b, out } = inputs(s);
  const x = () => z.map((value) => activate(s.inActivation, value));
  const loss = () => dot(denseForward(s, { x: x(), w, b }).y, out);
  const dy = denseForward(s, { x: x(), w, b }).y.map((y, i) => derivative(s.activation, y) * out[i]!);
  const { dw, db } = denseBackwardW(s, { x: x(), dy });
  expectGradient('w', loss, w, dw);
  if (s.useBias) expectGradient('b', loss, b, db);
  expectGradient('z', loss, z, denseBackwardX(s, { w, dy, x: x() }).dx);
});

test.each(departures)('the convolution that replaces it on the GPU gives the same result: %s', (_, departure) => {
  const s = { ...control, ...departure };
  const { z, w, b, out: dy } = inputs(s);
  const x = z.map((value) => activate(s.inActivation, value));
  const near = (a: Float64Array, b: Float64Array) => {
    expect(a.length).toBe(b.length);
    for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i]!, 13);
  };
  const c = asConvolution(s);
  near(conv2dForward(c, { x, w, b }).y, denseForward(s, { x, w, b }).y);
  near(conv2dBackwardX(c, { w, dy, x }).dx, denseBackwardX(s, { w, dy, x }).dx);
  near(conv2dBackwardW(c, { x, dy }).dw, denseBackwardW(s, { x, dy }).dw);
  near(conv2dBackwardW(c, { x, dy }).db, denseBackwardW(s, { x, dy }).db);
});
