import frame from '../../shaders/lib/loss_frame.wgsl?raw';
import nan from '../../shaders/lib/nan.wgsl?raw';
import peak from '../../shaders/lib/peak.wgsl?raw';
import softmaxCrossEntropySource from '../../shaders/softmax_cross_entropy.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { type RecordShape, recordConstants, recordSource } from './record.ts';
import { stateSource, stateWords } from './state.ts';

/** The part of the shape that every loss has. z, p and dz are [batch, outputs]. */
export interface LossBase {
  batch: number;
  /** Number of penalties that weight_penalty computes; undefined without a regularizer. */
  penalties?: number;
  record: RecordShape;
}

export interface LossShape extends LossBase {
  classes: number;
  /** True if targets are class probabilities rather than integer labels. */
  soft: boolean;
}

export const lossFrame = nan + stateSource + recordSource + frame;

export const penaltyConstants = ({ penalties }: LossBase) => ({ ...(penalties && { penalty_count: penalties }) });

export const lossBuffers = ({ batch, record, penalties }: LossBase, outputs: number, isLabeled: boolean) => ({
  z: batch * outputs,
  ...(isLabeled ? { labels: batch } : { targets: batch * outputs }),
  state: stateWords,
  p: batch * outputs,
  dz: batch * outputs,
  records: record.words * record.slots,
  ...(penalties && { penalties }),
});

/** Softmax cross-entropy without further options. */
export const softmaxCrossEntropy: Kernel<LossShape> = {
  name: 'softmax_cross_entropy',
  source: softmaxCrossEntropySource + peak + lossFrame,
  flags: ({ soft, penalties = 0 }) => ({ soft, regularized: penalties > 0 }),
  constants: (s) => ({ batch: s.batch, classes: s.classes, ...recordConstants(s.record), ...penaltyConstants(s) }),
  buffers: (s) => lossBuffers(s, s.classes, !s.soft),
  workgroups: () => [1],
  cost: (s) => ({ flops: 8 * s.batch * s.classes, bytes: 12 * s.batch * s.classes }),
};
