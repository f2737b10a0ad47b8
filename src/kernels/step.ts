import beginStepSource from '../../shaders/begin_step.wgsl?raw';
import nan from '../../shaders/lib/nan.wgsl?raw';
import softmaxCrossEntropySource from '../../shaders/softmax_cross_entropy.wgsl?raw';
import sumPartsSource from '../../shaders/sum_parts.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { type RecordShape, recordConstants, recordSource } from './record.ts';
import { scheduleSource, scheduleWords } from './schedule.ts';
import { stateSource, stateWords } from './state.ts';
import { spread } from './workgroups.ts';

export interface BeginStepShape {
  batch: number;
  /** The step has a learning rate, which follows from the number of updates. */
  scheduled: boolean;
}

export const beginStep: Kernel<BeginStepShape> = {
  name: 'begin_step',
  source: ({ scheduled }) => beginStepSource + stateSource + (scheduled ? scheduleSource : ''),
  flags: ({ scheduled }) => ({ scheduled }),
  constants: (s) => ({ batch: s.batch }),
  buffers: (s) => ({ state: stateWords, ...(s.scheduled && { schedule: scheduleWords }) }),
  workgroups: () => [1],
  cost: () => ({ flops: 0, bytes: 8 * stateWords }),
};

export interface LossShape {
  batch: number;
  classes: number;
  /** Targets are shares of classes, not labels. */
  soft: boolean;
  /** How many penalties weight_penalty gives; none without a regularizer. */
  penalties?: number;
  record: RecordShape;
}

export const softmaxCrossEntropy: Kernel<LossShape> = {
  name: 'softmax_cross_entropy',
  source: softmaxCrossEntropySource + stateSource + recordSource + nan,
  flags: ({ soft, penalties = 0 }) => ({ soft, regularized: penalties > 0 }),
  constants: (s) => ({
    batch: s.batch,
    classes: s.classes,
    ...recordConstants(s.record),
    ...(s.penalties && { penalty_count: s.penalties }),
  }),
  buffers: (s) => ({
    z: s.batch * s.classes,
    ...(s.soft ? { targets: s.batch * s.classes } : { labels: s.batch }),
    state: stateWords,
    p: s.batch * s.classes,
    dz: s.batch * s.classes,
    records: s.record.words * s.record.slots,
    ...(s.penalties && { penalties: s.penalties }),
  }),
  workgroups: () => [1],
  cost: (s) => ({ flops: 8 * s.batch * s.classes, bytes: 12 * s.batch * s.classes }),
};

export interface SumPartsShape {
  parts: number;
  weights: number;
  /** 0 for a layer without a bias. */
  biases: number;
}

export const sumParts: Kernel<SumPartsShape> = {
  name: 'sum_parts',
  source: sumPartsSource,
  flags: (s) => ({ has_biases: s.biases > 0 }),
  constants: (s) => ({ parts: s.parts, weights: s.weights, ...(s.biases > 0 && { biases: s.biases }) }),
  buffers: (s) => ({
    dw_parts: s.parts * s.weights,
    dw: s.weights,
    ...(s.biases > 0 && { db_parts: s.parts * s.biases, db: s.biases }),
  }),
  workgroups: (s) => spread(s.weights + s.biases),
  cost: (s) => ({ flops: s.parts * (s.weights + s.biases), bytes: 4 * (s.parts + 1) * (s.weights + s.biases) }),
};
