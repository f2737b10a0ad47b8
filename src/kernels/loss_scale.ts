import adaptLossScaleSource from '../../shaders/adapt_loss_scale.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { type RecordShape, recordConstants, recordSource } from './record.ts';
import { stateSource } from './state.ts';

/** Words of `ScaledState` in shaders/adapt_loss_scale.wgsl: a State and, from byte 256, the loss scale. */
export const scaledStateWords = 128;

export interface LossScaleShape {
  record: RecordShape;
  /** Number of consecutive updates after which the scale is doubled. */
  growthInterval: number;
  /** The largest scale. */
  largest: number;
}

export const adaptLossScale: Kernel<LossScaleShape> = {
  name: 'adapt_loss_scale',
  source: adaptLossScaleSource + stateSource + recordSource,
  constants: (s) => ({ ...recordConstants(s.record), growth_interval: s.growthInterval, largest: s.largest }),
  buffers: (s) => ({ scaled: scaledStateWords, records: s.record.words * s.record.slots }),
  workgroups: () => [1],
  cost: () => ({ flops: 0, bytes: 4 * scaledStateWords }),
};
