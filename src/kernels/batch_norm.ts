import backwardSumsSource from '../../shaders/batch_norm_backward_sums.wgsl?raw';
import backwardXSource from '../../shaders/batch_norm_backward_x.wgsl?raw';
import combineSource from '../../shaders/batch_norm_combine.wgsl?raw';
import foldSource from '../../shaders/batch_norm_fold.wgsl?raw';
import forwardSource from '../../shaders/batch_norm_forward.wgsl?raw';
import moveSource from '../../shaders/batch_norm_move.wgsl?raw';
import pendSource from '../../shaders/batch_norm_pend.wgsl?raw';
import settleSource from '../../shaders/batch_norm_settle.wgsl?raw';
import statisticsSource from '../../shaders/batch_norm_statistics.wgsl?raw';
import activate from '../../shaders/lib/activate.wgsl?raw';
import derivative from '../../shaders/lib/derivative.wgsl?raw';
import nan from '../../shaders/lib/nan.wgsl?raw';
import rowChunk from '../../shaders/lib/row_chunk.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { accumulatedSource, accumulatedWords } from './accumulation.ts';
import { type Activation, activationFlags } from './activation.ts';
import {
  columnStride,
  columnsOf,
  loadFlags,
  rowChunks,
  rowsPerChunk,
  rowTiles,
  rowTileWorkgroups,
  widthOf,
} from './row_chunks.ts';
import { stateSource, stateWords } from './state.ts';
import { ceilDiv, spread } from './workgroups.ts';

/** x [batch, pixels, channels]; a dense layer's output has one pixel. */
export interface BatchNormShape {
  batch: number;
  pixels: number;
  channels: number;
}

const rowsOf = (s: BatchNormShape) => s.batch * s.pixels;
const elementsOf = (s: BatchNormShape) => rowsOf(s) * s.channels;

/**
 * Offset in floats of the variance within a `statistics` binding. Mean and variance are separate tensors, each aligned to 256
 * bytes.
 */
export const varianceAt = (channels: number): number => ceilDiv(channels, 64) * 64;

/** Size in floats of a `statistics` binding: the mean, padding, the variance. */
export const statisticsElements = (channels: number): number => varianceAt(channels) + channels;

const statisticsConstants = (channels: number, epsilon: number) => ({
  columns: columnsOf(channels),
  variance_at: varianceAt(channels) / widthOf(channels),
  epsilon,
});

/** Shape of the kernels that sum over the rows of the batch's real samples. */
export interface BatchNormSumShape extends BatchNormShape {
  /** Number of workgroups that share the sum; see batchNormChunks. */
  chunks: number;
}

export const batchNormChunks = (s: BatchNormShape): number => rowChunks(rowsOf(s), s.channels);

const chunkConstants = (s: BatchNormSumShape) => ({
  rows_per_sample: s.pixels,
  rows_per_chunk: rowsPerChunk(rowsOf(s), s.chunks),
  columns: columnsOf(s.channels),
});

export const batchNormStatistics: Kernel<BatchNormSumShape> = {
  name: 'batch_norm_statistics',
  source: statisticsSource + rowChunk + stateSource,
  variants: (s, traits) => rowTiles(rowsOf(s), s.chunks, columnsOf(s.channels), traits),
  flags: (s, tile) => ({ ...loadFlags(s.channels), ...tile }),
  constants: chunkConstants,
  buffers: (s) => ({ x: elementsOf(s), state: stateWords, partials: s.chunks * 2 * s.channels }),
  workgroups: (s, tile) => rowTileWorkgroups(s.chunks, columnsOf(s.channels), tile),
  cost: (s) => ({ flops: 5 * elementsOf(s), bytes: 4 * elementsOf(s) }),
};

/**
 * The batch's mean and variance. The variance is the biased one (divided by n). Keras uses it for both the normalization and
 * the moving variance; PyTorch moves running_var towards the unbiased one (divided by n - 1).
 */
export const batchNormCombine: Kernel<BatchNormSumShape> = {
  name: 'batch_norm_combine',
  source: combineSource + stateSource,
  variants: (_, { software }) => [{ workgroupSize: software ? 4 : 64 }],
  flags: (s, { workgroupSize }) => ({ ...loadFlags(s.channels), workgroup_size: workgroupSize! }),
  constants: (s) => ({
    ...chunkConstants(s),
    chunks: s.chunks,
    variance_at: varianceAt(s.channels) / widthOf(s.channels),
  }),
  buffers: (s) => ({
    partials: s.chunks * 2 * s.channels,
    state: stateWords,
    statistics: statisticsElements(s.channels),
  }),
  workgroups: (s) => [columnsOf(s.channels)],
  cost: (s) => ({ flops: 7 * s.chunks * s.channels, bytes: 4 * (s.chunks + 1) * 2 * s.channels }),
};

export interface BatchNormForwardShape extends BatchNormShape {
  epsilon: number;
  /** True if the layer has gamma (`scale`) and beta (`center`). */
  scale: boolean;
  center: boolean;
  /** True if a shortcut is added before the activation. */
  residual: boolean;
  activation: Activation;
}

export const batchNormForward: Kernel<BatchNormForwardShape> = {
  name: 'batch_norm_forward',
  source: forwardSource + activate + nan,
  flags: (s) => ({
    ...loadFlags(s.channels),
    vec: widthOf(s.channels) === 4,
    scale: s.scale,
    center: s.center,
    residual: s.residual,
    ...activationFlags(s.activation),
  }),
  constants: (s) => ({
    ...statisticsConstants(s.channels, s.epsilon),
    elements: rowsOf(s) * columnsOf(s.channels),
    stride: columnStride(rowsOf(s), s.channels),
  }),
  buffers: (s) => ({
    x: elementsOf(s),
    statistics: statisticsElements(s.channels),
    y: elementsOf(s),
    ...(s.scale && { gamma: s.channels }),
    ...(s.center && { beta: s.channels }),
    ...(s.residual && { residual: elementsOf(s) }),
  }),
  workgroups: (s) => spread(columnStride(rowsOf(s), s.channels)),
  cost: (s) => ({ flops: (s.residual ? 4 : 3) * elementsOf(s), bytes: 4 * (s.residual ? 3 : 2) * elementsOf(s) }),
};

/** All batch normalizations of a model: one dispatch updates all their moving statistics. */
export interface BatchNormMoveShape {
  /** vec4s in an arena. */
  elements: number;
  /** Rows of the table: two per layer. */
  tensors: number;
}

/** A row of batchNormMove's table. */
export interface MovingTensor {
  /** In bytes within the arena; a multiple of 256. */
  offset: number;
  elements: number;
  momentum: number;
}

export function packMovingTensors(tensors: readonly MovingTensor[]): Uint32Array {
  const words = new Uint32Array(4 * tensors.length);
  const floats = new Float32Array(words.buffer);
  for (const [t, { offset, elements, momentum }] of tensors.entries()) {
    words.set([offset / 16, offset / 16 + ceilDiv(elements, 4)], 4 * t);
    floats[4 * t + 2] = 1 - momentum;
  }
  return words;
}

/** Launched after gradient_norm_reduce has decided whether the step is skipped; a skipped step changes nothing. */
export const batchNormMove: Kernel<BatchNormMoveShape> = {
  name: 'batch_norm_move',
  source: moveSource + stateSource,
  variants: (_, { software }) => [{ workgroupSize: software ? 4 : 64 }],
  flags: (_, { workgroupSize }) => ({ workgroup_size: workgroupSize! }),
  buffers: (s) => ({ statistics: 4 * s.elements, table: 4 * s.tensors, state: stateWords, moving: 4 * s.elements }),
  workgroups: (s) => [s.tensors],
  cost: (s) => ({ flops: 12 * s.elements, bytes: 48 * s.elements }),
};

/** Launched after a micro-batch's forward pass: computes the moving statistics that apply if its step is not skipped. */
export const batchNormPend: Kernel<BatchNormMoveShape & { first: boolean }> = {
  name: 'batch_norm_pend',
  source: pendSource + accumulatedSource,
  variants: batchNormMove.variants!,
  flags: ({ first }, { workgroupSize }) => ({ workgroup_size: workgroupSize!, first }),
  buffers: (s) => ({
    statistics: 4 * s.elements,
    table: 4 * s.tensors,
    ...(s.first ? { moving: 4 * s.elements } : { accumulated: accumulatedWords }),
    pending: 4 * s.elements,
  }),
  workgroups: (s) => [s.tensors],
  cost: (s) => ({ flops: 12 * s.elements, bytes: 48 * s.elements }),
};

/** Replaces batchNormMove in a step of several micro-batches. */
export const batchNormSettle: Kernel<BatchNormMoveShape> = {
  name: 'batch_norm_settle',
  source: settleSource + stateSource,
  variants: batchNormMove.variants!,
  flags: batchNormMove.flags!,
  buffers: (s) => ({ pending: 4 * s.elements, table: 4 * s.tensors, state: stateWords, moving: 4 * s.elements }),
  workgroups: (s) => [s.tensors],
  cost: (s) => ({ flops: 0, bytes: 32 * s.elements }),
};

export interface BatchNormBackwardSumsShape extends BatchNormSumShape {
  epsilon: number;
}

/**
 * dgamma and dbeta in as many parts as there are chunks. If there is more than one, sumParts adds them up (weights and biases:
 * the channels).
 */
export const batchNormBackwardSums: Kernel<BatchNormBackwardSumsShape> = {
  name: 'batch_norm_backward_sums',
  source: backwardSumsSource + rowChunk + stateSource,
  variants: batchNormStatistics.variants!,
  flags: batchNormStatistics.flags!,
  constants: (s) => ({ ...chunkConstants(s), ...statisticsConstants(s.channels, s.epsilon) }),
  buffers: (s) => ({
    x: elementsOf(s),
    dy: elementsOf(s),
    statistics: statisticsElements(s.channels),
    state: stateWords,
    dgamma: s.chunks * s.channels,
    dbeta: s.chunks * s.channels,
  }),
  workgroups: batchNormStatistics.workgroups,
  cost: (s) => ({ flops: 4 * elementsOf(s), bytes: 8 * elementsOf(s) }),
};

export interface BatchNormBackwardXShape extends BatchNormShape {
  epsilon: number;
  scale: boolean;
  /** The activation that produced x: its derivative is folded into dx. */
  inActivation: Activation;
  /** True if the layer ran with its moving statistics, which don't depend on the input. */
  frozen: boolean;
}

const readsX = (s: BatchNormBackwardXShape) => !s.frozen || s.inActivation !== 'linear';

export const batchNormBackwardX: Kernel<BatchNormBackwardXShape> = {
  name: 'batch_norm_backward_x',
  source: backwardXSource + stateSource + derivative,
  flags: (s) => ({
    ...loadFlags(s.channels),
    scale: s.scale,
    batch_statistics: !s.frozen,
    reads_x: readsX(s),
    activated: s.inActivation !== 'linear',
    vec: widthOf(s.channels) === 4,
    ...activationFlags(s.inActivation),
  }),
  constants: (s) => ({
    ...statisticsConstants(s.channels, s.epsilon),
    elements: rowsOf(s) * columnsOf(s.channels),
    rows_per_sample: s.pixels,
    stride: columnStride(rowsOf(s), s.channels),
  }),
  buffers: (s) => ({
    dy: elementsOf(s),
    statistics: statisticsElements(s.channels),
    state: stateWords,
    dx: elementsOf(s),
    ...(s.scale && { gamma: s.channels }),
    ...(readsX(s) && { x: elementsOf(s) }),
    ...(!s.frozen && { dgamma: s.channels, dbeta: s.channels }),
  }),
  workgroups: (s) => spread(columnStride(rowsOf(s), s.channels)),
  cost: (s) => ({ flops: (s.frozen ? 1 : 5) * elementsOf(s), bytes: 4 * (readsX(s) ? 3 : 2) * elementsOf(s) }),
};

/** w [rows, channels] of a convolution ([kh, kw, in, out]), a dense layer or a depthwise convolution ([kh, kw, in, multiplier]). */
export interface BatchNormFoldShape {
  rows: number;
  channels: number;
  epsilon: number;
  useBias: boolean;
  scale: boolean;
  center: boolean;
}

export const batchNormFold: Kernel<BatchNormFoldShape> = {
  name: 'batch_norm_fold',
  source: foldSource,
  flags: (s) => ({ ...loadFlags(s.channels), use_bias: s.useBias, scale: s.scale, center: s.center }),
  constants: (s) => ({
    ...statisticsConstants(s.channels, s.epsilon),
    elements: s.rows * columnsOf(s.channels),
    stride: columnStride(s.rows, s.channels),
  }),
  buffers: (s) => ({
    w: s.rows * s.channels,
    statistics: statisticsElements(s.channels),
    w_folded: s.rows * s.channels,
    b_folded: s.channels,
    ...(s.useBias && { b: s.channels }),
    ...(s.scale && { gamma: s.channels }),
    ...(s.center && { beta: s.channels }),
  }),
  workgroups: (s) => spread(columnStride(s.rows, s.channels)),
  cost: (s) => ({ flops: s.rows * s.channels, bytes: 8 * s.rows * s.channels }),
};
