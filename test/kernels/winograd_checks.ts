import type { Conv2dShape } from '../../src/kernels/conv2d.ts';
import {
  conv2dWinogradBackwardW,
  conv2dWinogradBackwardX,
  conv2dWinogradForward,
} from '../../src/kernels/conv2d_winograd.ts';
import * as reference from '../../src/reference/conv2d.ts';
import * as winograd from '../../src/reference/winograd.ts';
import type { KernelCase } from '../../src/selftest/kernel_cases.ts';
import type { KernelCheck, Verify } from '../../src/selftest/kernels/check_kernel.ts';
import { cellsOf, isWinner, somePlaces } from '../../src/selftest/kernels/conv2d_checks.ts';
import { backwardWCheck, backwardXCheck, forwardCheck } from '../../src/selftest/kernels/convolution_checks.ts';
import { type Convolution, convolution, plain } from '../../src/selftest/kernels/shapes.ts';

// These cases are not in the self-test, which is a part of the package: they would make it larger.

/** The additions of lib/winograd.wgsl that come to those over channels or tiles, the product and the bias. */
const ofTransformations = 2 + 4 + 4 + 2;

/** The 3x3 kernels that Winograd's algorithm computes. */
export const fitsWinograd = (s: Conv2dShape): boolean =>
  [s.kernelHeight, s.kernelWidth].every((size) => size === 3) &&
  [s.strideY, s.strideX, s.dilationY ?? 1, s.dilationX ?? 1, s.groups ?? 1].every((n) => n === 1);

export const checkWinogradForward = (shape: Conv2dShape): KernelCheck<Conv2dShape> => {
  const terms = shape.inChannels + ofTransformations;
  const sizeOf = winograd.winogradForwardMagnitude;
  return forwardCheck(
    { kernel: conv2dWinogradForward, shape, pass: reference.conv2dForward, terms, sizeOf },
    ({ argmax }, inputs): Record<string, Verify> =>
      argmax ? { argmax: isWinner(shape, argmax, inputs, terms, (whole) => sizeOf(whole, inputs).y) } : {},
  );
};

export const checkWinogradBackwardX = (shape: Conv2dShape): KernelCheck<Conv2dShape> => {
  const kernel = conv2dWinogradBackwardX;
  const terms = shape.outChannels + ofTransformations;
  const sizeOf = winograd.winogradBackwardXMagnitude;
  const elements = shape.batch * shape.inHeight * shape.inWidth * shape.inChannels;
  return backwardXCheck({ kernel, shape, pass: reference.conv2dBackwardX, terms, sizeOf }, elements);
};

export const checkWinogradBackwardW = (shape: Conv2dShape): KernelCheck<Conv2dShape> => {
  const kernel = conv2dWinogradBackwardW;
  const terms = shape.batch * Math.ceil(shape.outHeight / 2) * Math.ceil(shape.outWidth / 2) + ofTransformations;
  const sizeOf = winograd.winogradBackwardWMagnitude;
  return backwardWCheck(
    { kernel, shape, pass: reference.conv2dBackwardW, terms, sizeOf },
    shape.pooled ? somePlaces(cellsOf(shape) * shape.outChannels) : undefined,
  );
};

const image: Convolution = { ...plain, batch: 2, size: [6, 6], channels: 4, filters: 4, kernelSize: [3, 3] };
const images = (departures: Partial<Convolution>[]) =>
  departures.map((departure) => convolution({ ...image, ...departure }));

/** In as few shapes as cover each branch of the shaders both ways. */
export const winogradCases = (): KernelCase[] =>
  [
    ...images([
      { activation: 'relu' },
      { pooled: true, padding: 'same', activation: 'tanh' },
      { useBias: false, filters: 3, activation: 'sigmoid', size: [5, 6] },
    ]).map(checkWinogradForward),
    ...images([
      { inActivation: 'relu' },
      { inActivation: 'tanh', channels: 3, padding: 'same' },
      { inActivation: 'sigmoid' },
      {},
    ]).map(checkWinogradBackwardX),
    ...images([
      { parts: 2, size: [5, 6] },
      { pooled: true },
      { padding: 'same', channels: 3, filters: 3 },
      { useBias: false },
    ]).map(checkWinogradBackwardW),
  ] as unknown as KernelCase[];
