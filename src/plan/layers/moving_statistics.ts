import {
  batchNormMove,
  batchNormPend,
  batchNormSettle,
  type MovingTensor,
  packMovingTensors,
} from '../../kernels/batch_norm.ts';
import type { BufferRef, PlannedDispatch, Planner } from '../planner.ts';

/** A network's moving statistics, the batch statistics from which they are updated, and the momentum of each. */
export interface MovingStatistics {
  all: BufferRef;
  ofBatch: BufferRef;
  table: BufferRef;
  /** Number of tensors. */
  count: number;
}

export const planMoveTable = (planner: Planner, rows: readonly MovingTensor[]): BufferRef =>
  planner.upload('moving_statistics.table', packMovingTensors(rows));

export function planMove(
  planner: Planner,
  { all, ofBatch, table, count }: MovingStatistics,
  state: BufferRef,
): PlannedDispatch {
  const shape = { elements: all.size / 16, tensors: count };
  return planner.dispatch(batchNormMove, shape, { statistics: ofBatch, table, state, moving: all });
}

/**
 * For steps with several micro-batches, each of which updates the statistics: dispatches for the first one, for the others, and
 * for the end of the step.
 */
export function planMicroBatchMoves(
  planner: Planner,
  { all, ofBatch, table, count }: MovingStatistics,
  { state, accumulated }: { state: BufferRef; accumulated: BufferRef },
): { first: PlannedDispatch; next: PlannedDispatch; settle: PlannedDispatch } {
  const shape = { elements: all.size / 16, tensors: count };
  const pending = planner.buffer('parameters', 'moving_statistics.pending', all.size / 4);
  const buffers = { statistics: ofBatch, table, pending };
  return {
    first: planner.dispatch(batchNormPend, { ...shape, first: true }, { ...buffers, moving: all }),
    next: planner.dispatch(batchNormPend, { ...shape, first: false }, { ...buffers, accumulated }),
    settle: planner.dispatch(batchNormSettle, shape, { pending, table, state, moving: all }),
  };
}
