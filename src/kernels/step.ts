import beginStepSource from '../../shaders/begin_step.wgsl?raw';
import sumPartsSource from '../../shaders/sum_parts.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import type { ScheduleType } from '../model/schedules/index.ts';
import { scheduleSource, scheduleWords } from './schedule.ts';
import { stateSource, stateWords } from './state.ts';
import { spread } from './workgroups.ts';

export interface BeginStepShape {
  batch: number;
  /** The schedule that computes the learning rate from the number of updates. */
  schedule?: ScheduleType | undefined;
}

export const beginStep: Kernel<BeginStepShape> = {
  name: 'begin_step',
  source: ({ schedule }) => beginStepSource + stateSource + (schedule ? scheduleSource(schedule) : ''),
  flags: ({ schedule }) => ({ scheduled: schedule !== undefined }),
  constants: (s) => ({ batch: s.batch }),
  buffers: (s) => ({ state: stateWords, ...(s.schedule && { schedule: scheduleWords }) }),
  workgroups: () => [1],
  cost: () => ({ flops: 0, bytes: 8 * stateWords }),
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
