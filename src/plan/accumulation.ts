import { accumulatedWords, accumulateGradients, beginMicroBatch } from '../kernels/accumulation.ts';
import type { RecordShape } from '../kernels/record.ts';
import { furtherLayers } from './layers/loaded.ts';
import type { Network } from './network.ts';
import type { BufferRef, PlannedDispatch, Planner } from './planner.ts';
import type { Arenas } from './steps.ts';

/** The dispatches that a step of several micro-batches has in addition to those of each micro-batch. */
export interface Accumulation<D> {
  /** How many micro-batches a step has, at least 2. */
  steps: number;
  /** Begins every micro-batch but the first. */
  next: D;
  /** Comes after the backward pass of the first, of those between, and of the last. */
  after: { first: D[]; middle: D[]; last: D[] };
}

/** The sums that micro-batches add to. Training steps and gradient-only steps share them, since they never run at the same time. */
export interface AccumulationBuffers {
  /** Laid out as the arena of gradients. */
  gradients: BufferRef;
  accumulated: BufferRef;
}

export const accumulationBuffers = (
  planner: Planner,
  { gradients }: Pick<Network, 'gradients'>,
): AccumulationBuffers => ({
  gradients: planner.buffer('parameters', 'gradients.sum', gradients.all.size / 4),
  accumulated: planner.buffer('state', 'accumulated', accumulatedWords),
});

interface Given {
  steps: number;
  batch: number;
  /** The metric is a sum of floats, not a count. */
  fractional: boolean;
  record: RecordShape;
  state: BufferRef;
  records: BufferRef;
  buffers: AccumulationBuffers;
}

/** The accumulation of one state's gradients, for steps that move no statistics. */
export function planAccumulation(
  planner: Planner,
  { network, chunks, shape }: Arenas,
  { steps, batch, fractional, record, state, records, buffers: { gradients: s, accumulated } }: Given,
): Accumulation<PlannedDispatch> {
  const buffers = { dw: network.gradients.all, chunks: chunks.refs.table, state, s, accumulated, records };
  const add = (place: 'first' | 'middle' | 'last') => [
    planner.dispatch(accumulateGradients, { ...shape, place, fractional, record }, buffers),
  ];
  return {
    steps,
    next: planner.dispatch(beginMicroBatch, { batch }, { state, accumulated }),
    after: { first: add('first'), middle: add('middle'), last: add('last') },
  };
}

/** Each micro-batch moves the statistics that follow the batch's; they take effect when the step counts. */
export function withMovingStatistics(
  planner: Planner,
  { moving }: Pick<Network, 'moving'>,
  accumulation: Accumulation<PlannedDispatch>,
  buffers: { state: BufferRef; accumulated: BufferRef },
): { accumulation: Accumulation<PlannedDispatch>; move?: PlannedDispatch } {
  if (!moving) return { accumulation };
  const { first, next, settle } = furtherLayers().planMicroBatchMoves(planner, moving, buffers);
  const { after } = accumulation;
  return {
    accumulation: {
      ...accumulation,
      after: { first: [...after.first, first], middle: [...after.middle, next], last: [...after.last, next] },
    },
    move: settle,
  };
}
