import type { RecordReader } from '../health/records.ts';
import { accumulatedWords, accumulateGradients, beginMicroBatch } from '../kernels/accumulation.ts';
import type { RecordShape } from '../kernels/record.ts';
import { metricOf } from '../model/loss.ts';
import { furtherLayers } from './layers/loaded.ts';
import type { Network } from './network.ts';
import type { BufferRef, PlannedDispatch, Planner } from './planner.ts';
import type { Settings } from './settings.ts';
import type { Arenas, OwnState } from './steps.ts';

/** The dispatches that a step of several micro-batches adds to those of each micro-batch. */
export interface Accumulation<D> {
  /** Number of micro-batches per step, at least 2. */
  steps: number;
  /** Starts every micro-batch but the first. */
  next: D;
  /** Run after the backward pass of the first micro-batch, of those in the middle, and of the last. */
  after: { first: D[]; middle: D[]; last: D[] };
}

/** Sums over micro-batches. Training steps and gradient-only steps share them, since they never run at the same time. */
export interface AccumulationBuffers {
  /** Same layout as the arena of gradients. */
  gradients: BufferRef;
  accumulated: BufferRef;
}

const accumulationBuffers = (planner: Planner, { gradients }: Pick<Network, 'gradients'>): AccumulationBuffers => ({
  gradients: planner.buffer('parameters', 'gradients.sum', gradients.all.size / 4),
  accumulated: planner.buffer('state', 'accumulated', accumulatedWords),
});

interface Given {
  steps: number;
  batch: number;
  /** True if the metric is a sum of floats rather than a count. */
  fractional: boolean;
  record: RecordShape;
  state: BufferRef;
  records: BufferRef;
  buffers: AccumulationBuffers;
}

/** Plans the accumulation of one state's gradients, for steps that don't update moving statistics. */
function planAccumulation(
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

/** Lets each micro-batch update the moving statistics; the update takes effect unless the step is skipped. */
function withMovingStatistics(
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

/** The accumulation of both states. That of training also updates moving statistics, which take effect through `move`. */
export function planAccumulated(
  planner: Planner,
  { accumulationSteps: steps, batchSize: batch, loss }: Settings,
  { shape: record }: RecordReader,
  arenas: Arenas & { network: Network },
  states: Record<'training' | 'evaluation', OwnState>,
) {
  const buffers = accumulationBuffers(planner, arenas.network);
  const fractional = metricOf(loss) !== 'accuracy';
  const of = (own: OwnState) =>
    planAccumulation(planner, arenas, { ...own, steps, batch, fractional, record, buffers });
  const { state } = states.training;
  const { accumulated } = buffers;
  const { accumulation, move } = withMovingStatistics(planner, arenas.network, of(states.training), {
    state,
    accumulated,
  });
  return { training: accumulation, evaluation: of(states.evaluation), move };
}
