import type { Traits } from '../../gpu/device.ts';
import type { Kernel } from '../../gpu/kernel.ts';
import type { Conv2dShape } from '../../kernels/conv2d.ts';
import { conv2dRowsBackwardX, conv2dRowsForward } from '../../kernels/conv2d_row_tiles.ts';
import {
  conv2dWinogradBackwardW,
  conv2dWinogradBackwardX,
  conv2dWinogradForward,
} from '../../kernels/conv2d_winograd.ts';
import {
  conv2dSplitBackwardX,
  conv2dSplitForward,
  conv2dTiledBackwardW,
  conv2dTiledBackwardX,
  conv2dTiledForward,
} from '../../kernels/workgroup_tiles.ts';
import * as reference from '../../reference/conv2d.ts';
import { maxPoolBackward } from '../../reference/max_pool.ts';
import * as winograd from '../../reference/winograd.ts';
import { type KernelCheck, packed, type Verify } from './check_kernel.ts';
import { cellsOf, checkBackwardW, checkBackwardX, checkForward, isWinner, somePlaces } from './conv2d_checks.ts';
import { backwardWCheck, backwardXCheck, forwardCheck } from './convolution_checks.ts';
import { matrixCases } from './matrix_checks.ts';
import { type Convolution, convolution, plain } from './shapes.ts';

// Checks of the kernels whose variants `src/kernels/further_variants.ts` adds.

type Check = (shape: Conv2dShape) => KernelCheck<Conv2dShape>;

const withKernel =
  (check: (shape: Conv2dShape, kernel: Kernel<Conv2dShape>) => KernelCheck<Conv2dShape>) =>
  (kernel: Kernel<Conv2dShape>): Check =>
  (shape) =>
    check(shape, kernel);
const forward = withKernel(checkForward);
const backwardX = withKernel(checkBackwardX);

export const checkRowsForward = forward(conv2dRowsForward);
export const checkRowsBackwardX = backwardX(conv2dRowsBackwardX);
export const checkTiledForward = forward(conv2dTiledForward);
export const checkSplitForward = forward(conv2dSplitForward);
export const checkTiledBackwardX = backwardX(conv2dTiledBackwardX);
export const checkSplitBackwardX = backwardX(conv2dSplitBackwardX);
export const checkTiledBackwardW = withKernel(checkBackwardW)(conv2dTiledBackwardW);

/** The number of additions in lib/winograd.wgsl, in addition to those over channels or tiles, the product and the bias. */
const ofTransformations = 2 + 4 + 4 + 2;

export const checkWinogradForward: Check = (shape) => {
  const terms = shape.inChannels + ofTransformations;
  const sizeOf = winograd.winogradForwardMagnitude;
  return forwardCheck(
    { kernel: conv2dWinogradForward, shape, pass: reference.conv2dForward, terms, sizeOf },
    ({ argmax }, inputs): Record<string, Verify> =>
      argmax ? { argmax: isWinner(shape, argmax, inputs, terms, (whole) => sizeOf(whole, inputs).y) } : {},
  );
};

type PassX = typeof reference.conv2dBackwardX;

/** @param before computes the gradient that the passes take from the kernel's dy. */
function winogradBackwardX(shape: Conv2dShape, before = (dy: ArrayLike<number>) => dy): KernelCheck<Conv2dShape> {
  const after =
    (pass: PassX): PassX =>
    (s, { dy, ...others }) =>
      pass(s, { ...others, dy: before(dy) });
  const [pass, sizeOf] = [after(reference.conv2dBackwardX), after(winograd.winogradBackwardXMagnitude)];
  const terms = shape.outChannels + ofTransformations;
  const elements = shape.batch * shape.inHeight * shape.inWidth * shape.inChannels;
  return backwardXCheck({ kernel: conv2dWinogradBackwardX, shape, pass, terms, sizeOf }, elements);
}

export const checkWinogradBackwardX: Check = (shape) => winogradBackwardX(shape);

/** With the gradient of a 2x2 pool's output as dy. */
export const checkWinogradBackwardXOfPool: Check = (whole) => {
  const [outHeight, outWidth] = [whole.outHeight, whole.outWidth].map((size) => size - (size % 2)) as [number, number];
  const shape: Conv2dShape = { ...whole, outHeight, outWidth, pooledGradient: true };
  const places = somePlaces(cellsOf({ ...shape, pooled: true }) * shape.outChannels);
  const check = winogradBackwardX(shape, (dy) => maxPoolBackward(reference.poolOf(shape), { dy, argmax: places }).dx);
  return { ...check, given: { ...check.given, argmax: packed(places) } };
};

export const checkWinogradBackwardW: Check = (shape) => {
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

/** In as few shapes as cover each branch of the shaders both ways; those on tensor cores only for a device that has them. */
export function variantCases({ subgroupMatrix }: Pick<Traits, 'subgroupMatrix'>): KernelCheck<Conv2dShape>[] {
  const forwards = images([
    { activation: 'relu', channels: 36, filters: 40 },
    { pooled: true, padding: 'same', activation: 'tanh', dilation: [2, 1] },
    { useBias: false, filters: 3, activation: 'sigmoid', channels: 32, kernelSize: [1, 1] },
    { channels: 3, padding: 'same', strides: [2, 1] },
    { channels: 5, kernelSize: [1, 1] },
  ]);
  const backwardsX = images([
    { inActivation: 'relu', channels: 36, filters: 40 },
    { inActivation: 'tanh', channels: 3, strides: [2, 1], dilation: [2, 2] },
    { inActivation: 'sigmoid', filters: 32, kernelSize: [1, 1] },
    { filters: 3, padding: 'same' },
    { filters: 5, kernelSize: [1, 1] },
    {},
  ]);
  const backwardsW = images([
    { parts: 2, channels: 36, filters: 40 },
    { pooled: true },
    { padding: 'same', filters: 3, dilation: [1, 2], useBias: false },
    { channels: 3, padding: 'same', dilation: [2, 1] },
    { channels: 5, size: [5, 5], kernelSize: [1, 1], parts: 2 },
  ]);
  return [
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
    ...images([{ inActivation: 'relu', size: [6, 7] }]).map(checkWinogradBackwardXOfPool),
    ...images([
      { parts: 2, size: [5, 6] },
      { pooled: true },
      { padding: 'same', channels: 3, filters: 3 },
      { useBias: false },
    ]).map(checkWinogradBackwardW),
    ...images([
      { activation: 'relu', filters: 8 },
      { pooled: true, padding: 'same', size: [9, 28], activation: 'tanh' },
      { useBias: false, size: [5, 15] },
    ]).map(checkRowsForward),
    ...images([
      { inActivation: 'relu', channels: 8 },
      { padding: 'same', size: [5, 15] },
    ]).map(checkRowsBackwardX),
    ...[checkTiledForward, checkSplitForward].flatMap((check) => forwards.map(check)),
    ...[checkTiledBackwardX, checkSplitBackwardX].flatMap((check) => backwardsX.map(check)),
    ...backwardsW.map(checkTiledBackwardW),
    ...(subgroupMatrix ? matrixCases(forwards, backwardsX, backwardsW) : []),
  ];
}
