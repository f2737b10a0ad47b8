import type { DenseShape } from '../../src/kernels/dense.ts';
import { type Convolution, plain } from '../../src/selftest/kernels/shapes.ts';
import { randomConvolutions } from './random_convolutions.ts';

// The shapes with which products in tiles are tested.

/** 140 pixels of 20 by 40 channels: no tile divides any of them. */
export const control: Convolution = {
  ...plain,
  batch: 2,
  size: [12, 9],
  channels: 20,
  filters: 40,
  kernelSize: [3, 3],
};

export type Departures = Record<string, Partial<Convolution>>;

export const everywhere: Departures = {
  'the control': {},
  'more than a tile of channels': { size: [6, 5], channels: 68, filters: 72 },
  'whole tiles of terms': { batch: 1, channels: 32, filters: 32 },
  'smaller than a tile': { batch: 1, size: [3, 4], channels: 4, filters: 4 },
  'same padding': { padding: 'same' },
  'same padding and strides': { padding: 'same', strides: [2, 2] },
  strides: { strides: [2, 3] },
  dilation: { dilation: [2, 1] },
  'dilation and same padding': { dilation: [1, 2], padding: 'same' },
  'a 1x1 kernel': { kernelSize: [1, 1] },
  'a 1x1 kernel with strides': { kernelSize: [1, 1], strides: [2, 1] },
};

export const filtersOfNoMultiple: Departures = { 'filters of no multiple of four': { filters: 7 } };
export const channelsOfNoMultiple: Departures = { 'channels of no multiple of four': { channels: 7 } };
export const pools: Departures = {
  'a pool': { pooled: true },
  'a pool that drops a row': { pooled: true, size: [9, 8], filters: 12 },
};
export const activations: Departures = {
  'no bias': { useBias: false },
  relu: { activation: 'relu' },
  'tanh and a pool': { activation: 'tanh', pooled: true },
};
export const inActivations: Departures = {
  'relu made x': { inActivation: 'relu' },
  'tanh made x, channels of no multiple of four': { inActivation: 'tanh', channels: 6 },
};
export const parts: Departures = {
  'two parts': { batch: 7, parts: 2 },
  'a part an image, and a pool': { batch: 3, parts: 3, pooled: true },
  'no bias, parts': { batch: 5, parts: 3, useBias: false },
};

/** Where fewer than four channels can be loaded at once. */
export const few = (name: 'channels' | 'filters'): Departures => ({
  [`one of ${name}`]: { [name]: 1 },
  [`three of ${name}, and same padding`]: { [name]: 3, padding: 'same' },
  [`three of ${name}, with strides and dilation`]: { [name]: 3, strides: [2, 1], dilation: [1, 2] },
  [`seven of ${name}, and a 1x1 kernel`]: { [name]: 7, kernelSize: [1, 1] },
  [`fifty of ${name}`]: { [name]: 50, size: [6, 5] },
});

/** The pixels of a 1x1 kernel's filter gradient are one row, which parts divide at any quad. */
export const oneRow: Departures = {
  'a 1x1 kernel, two parts': { kernelSize: [1, 1], batch: 5, size: [7, 3], parts: 2 },
  'a 1x1 kernel, a part an image, channels of no multiple of four': {
    ...{ kernelSize: [1, 1], batch: 3, size: [5, 5], parts: 3, channels: 6 },
  },
  'a 1x1 kernel and a pool': { kernelSize: [1, 1], pooled: true },
  'more parts than quads': { kernelSize: [1, 1], batch: 3, size: [1, 1], parts: 3 },
};

/** Any convolution; no tile has to divide its sizes. */
export const randomShapes = randomConvolutions({ batch: 5, side: 12, channels: 40, filters: 80, kernel: 3 });

const layer: DenseShape = {
  ...{ batch: 37, inputs: 100, outputs: 44, useBias: true },
  ...({ activation: 'relu', inActivation: 'relu' } as const),
};
export const denseLayers: DenseShape[] = [
  layer,
  { ...layer, batch: 3, inputs: 600, outputs: 8, useBias: false },
  { ...layer, inputs: 30, outputs: 45 },
];
