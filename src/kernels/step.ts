import adamSource from '../../shaders/adam.wgsl?raw';
import beginStepSource from '../../shaders/begin_step.wgsl?raw';
import gradientNormSource from '../../shaders/gradient_norm.wgsl?raw';
import gradientNormReduceSource from '../../shaders/gradient_norm_reduce.wgsl?raw';
import nan from '../../shaders/lib/nan.wgsl?raw';
import sgdSource from '../../shaders/sgd.wgsl?raw';
import softmaxCrossEntropySource from '../../shaders/softmax_cross_entropy.wgsl?raw';
import sumPartsSource from '../../shaders/sum_parts.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { stateSource, stateWords } from './state.ts';
import { spread } from './workgroups.ts';

/** The ring of records that the host reads: one a step, of `words` 4-byte words. */
export interface RecordShape {
  words: number;
  slots: number;
}

/** Where things are in a record. Two words a tensor follow: the sum of squares of its gradient, the non-finite count. */
export const recordField = {
  step: 0,
  epoch: 1,
  count: 2,
  loss: 3,
  hits: 4,
  skipped: 5,
  updates: 6,
  halted: 7,
  tensors: 8,
} as const;

export const recordWords = (tensors: number): number => recordField.tensors + 2 * tensors;

const recordConstants = (r: RecordShape) => ({ record_words: r.words, record_slots: r.slots });

export const beginStep: Kernel<{ batch: number }> = {
  name: 'begin_step',
  source: beginStepSource + stateSource,
  constants: (s) => ({ batch: s.batch }),
  buffers: () => ({ state: stateWords }),
  workgroups: () => [1],
  cost: () => ({ flops: 0, bytes: 8 * stateWords }),
};

export interface LossShape {
  batch: number;
  classes: number;
  /** Targets are shares of classes, not labels. */
  soft: boolean;
  record: RecordShape;
}

export const softmaxCrossEntropy: Kernel<LossShape> = {
  name: 'softmax_cross_entropy',
  source: softmaxCrossEntropySource + stateSource + nan,
  flags: ({ soft }) => ({ soft }),
  constants: (s) => ({ batch: s.batch, classes: s.classes, ...recordConstants(s.record) }),
  buffers: (s) => ({
    z: s.batch * s.classes,
    ...(s.soft ? { targets: s.batch * s.classes } : { labels: s.batch }),
    state: stateWords,
    p: s.batch * s.classes,
    dz: s.batch * s.classes,
    records: s.record.words * s.record.slots,
  }),
  workgroups: () => [1],
  cost: (s) => ({ flops: 8 * s.batch * s.classes, bytes: 12 * s.batch * s.classes }),
};

export interface SumPartsShape {
  parts: number;
  weights: number;
  biases: number;
}

export const sumParts: Kernel<SumPartsShape> = {
  name: 'sum_parts',
  source: sumPartsSource,
  constants: (s) => ({ parts: s.parts, weights: s.weights, biases: s.biases }),
  buffers: (s) => ({ dw_parts: s.parts * s.weights, db_parts: s.parts * s.biases, dw: s.weights, db: s.biases }),
  workgroups: (s) => spread(s.weights + s.biases),
  cost: (s) => ({ flops: s.parts * (s.weights + s.biases), bytes: 4 * (s.parts + 1) * (s.weights + s.biases) }),
};

/** The most vec4 of one tensor that a workgroup of gradient_norm goes over. */
export const chunkVec4s = 1024;

export interface GradientNormShape {
  /** vec4s of the arena. */
  elements: number;
  chunks: number;
  tensors: number;
  record: RecordShape;
  beta1: number;
  beta2: number;
  badStepsToHalt: number;
}

export const gradientNorm: Kernel<GradientNormShape> = {
  name: 'gradient_norm',
  source: gradientNormSource,
  buffers: (s) => ({ dw: s.elements * 4, chunks: s.chunks * 4, partials: s.chunks * 2 }),
  workgroups: (s) => [s.chunks],
  cost: (s) => ({ flops: 8 * s.elements, bytes: 16 * s.elements }),
};

export const gradientNormReduce: Kernel<GradientNormShape> = {
  name: 'gradient_norm_reduce',
  source: gradientNormReduceSource + stateSource,
  constants: (s) => ({
    tensor_count: s.tensors,
    ...recordConstants(s.record),
    one_minus_beta1: 1 - s.beta1,
    one_minus_beta2: 1 - s.beta2,
    bad_steps_to_halt: s.badStepsToHalt,
  }),
  buffers: (s) => ({
    partials: s.chunks * 2,
    tensors: s.tensors * 2,
    records: s.record.words * s.record.slots,
    state: stateWords,
  }),
  workgroups: () => [1],
  cost: (s) => ({ flops: 2 * s.chunks, bytes: 8 * s.chunks }),
};

export interface AdamShape {
  /** vec4s of the arenas. */
  elements: number;
  beta1: number;
  beta2: number;
  epsilon: number;
}

export const adam: Kernel<AdamShape> = {
  name: 'adam',
  source: adamSource + stateSource,
  constants: (s) => ({
    elements: s.elements,
    one_minus_beta1: 1 - s.beta1,
    one_minus_beta2: 1 - s.beta2,
    epsilon: s.epsilon,
  }),
  buffers: (s) => ({ dw: s.elements * 4, w: s.elements * 4, m: s.elements * 4, v: s.elements * 4, state: stateWords }),
  workgroups: (s) => spread(s.elements),
  cost: (s) => ({ flops: 4 * 11 * s.elements, bytes: 16 * 7 * s.elements }),
};

export interface SgdShape {
  elements: number;
  momentum: number;
  nesterov: boolean;
}

export const sgd: Kernel<SgdShape> = {
  name: 'sgd',
  source: sgdSource + stateSource,
  flags: (s) => ({ has_momentum: s.momentum > 0, nesterov: s.nesterov }),
  constants: (s) => ({ elements: s.elements, ...(s.momentum > 0 && { momentum: s.momentum }) }),
  buffers: (s) => ({
    dw: s.elements * 4,
    w: s.elements * 4,
    state: stateWords,
    ...(s.momentum > 0 && { v: s.elements * 4 }),
  }),
  workgroups: (s) => spread(s.elements),
  cost: (s) => ({
    flops: 4 * (s.momentum > 0 ? 4 : 2) * s.elements,
    bytes: 16 * (s.momentum > 0 ? 5 : 3) * s.elements,
  }),
};
