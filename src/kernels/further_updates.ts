import weightAverageSource from '../../shaders/weight_average.wgsl?raw';
import weightPenaltySource from '../../shaders/weight_penalty.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { separateInvocations } from './accumulation.ts';
import { stateSource, stateWords } from './state.ts';
import type { ChunkedShape } from './update.ts';

export const weightPenalty: Kernel<ChunkedShape> = {
  name: 'weight_penalty',
  source: weightPenaltySource,
  variants: separateInvocations,
  flags: (_, v) => v,
  buffers: (s) => ({ w: s.elements * 4, chunks: s.chunks * 4, regularizers: 2 * s.tensors, penalties: s.chunks }),
  workgroups: (s) => [s.chunks],
  cost: (s) => ({ flops: 8 * s.elements, bytes: 16 * s.elements }),
};

export interface WeightAverageShape extends ChunkedShape {
  /** Decay of the moving average: the fraction of it that each update keeps. */
  momentum: number;
  /** Number of updates after which the weights are overwritten by their average, repeatedly; undefined for never. */
  overwriteEvery?: number | undefined;
}

/** Launched after the update. */
export const weightAverage: Kernel<WeightAverageShape> = {
  name: 'weight_average',
  source: weightAverageSource + stateSource,
  variants: separateInvocations,
  flags: (s, v) => ({ ...v, overwrites: s.overwriteEvery !== undefined }),
  constants: (s) => ({
    one_minus_momentum: 1 - s.momentum,
    ...(s.overwriteEvery !== undefined && { every: s.overwriteEvery }),
  }),
  buffers: (s) => ({ chunks: s.chunks * 4, state: stateWords, w: s.elements * 4, a: s.elements * 4 }),
  workgroups: (s) => [s.chunks],
  cost: (s) => ({ flops: 12 * s.elements, bytes: 48 * s.elements }),
};
