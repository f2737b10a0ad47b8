import { batchNormMove, type MovingTensor, packMovingTensors } from '../../kernels/batch_norm.ts';
import type { BufferRef, PlannedDispatch, Planner } from '../planner.ts';

/** A network's moving statistics, the batch's that they follow, and how much of them each step keeps. */
export interface MovingStatistics {
  all: BufferRef;
  ofBatch: BufferRef;
  table: BufferRef;
  /** Tensors. */
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
