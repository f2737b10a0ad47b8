import { weightAverage, weightPenalty } from '../kernels/further_updates.ts';
import { type CompiledModel, trainedTensors } from '../model/graph.ts';
import type { averageOf } from '../model/optimizer.ts';
import type { GraphPlan, Network } from './network.ts';
import type { BufferRef, PlannedDispatch, Planner } from './planner.ts';
import type { Arenas } from './steps.ts';

/** Plans the regularization penalties, whose sum is added to the loss, for a model that has regularizers. */
export function planPenalty(
  planner: Planner,
  model: CompiledModel,
  { network, chunks, shape }: Pick<Arenas, 'network' | 'chunks' | 'shape'>,
) {
  const factors = trainedTensors(model).flatMap(({ spec: { l1, l2 } }) => [l1, l2]);
  const regularizers = planner.upload('regularizers', Float32Array.from(factors));
  const penalties = planner.buffer('state', 'weight_penalty.penalties', chunks.count);
  const dispatch = planner.dispatch(weightPenalty, shape, {
    w: network.weights.all,
    regularizers,
    chunks: chunks.refs.table,
    penalties,
  });
  return { buffers: { regularizers, penalties }, dispatch };
}

/** The penalty is part of every loss, so its dispatch comes first. */
export function withPenalty(network: Network, penalty: PlannedDispatch): Network {
  const add = (graph: GraphPlan): GraphPlan => ({ ...graph, forward: [penalty, ...graph.forward] });
  const { training, gradient, inference } = network;
  return { ...network, training: add(training), gradient: add(gradient), inference: add(inference) };
}

/** Buffers of the moving average of the weights. */
export interface PlannedAverage {
  /** Same layout as the arena of weights. */
  all: BufferRef;
  /** Holds the weights while they are replaced by the averages. */
  kept: BufferRef;
  dispatch: PlannedDispatch;
}

export function planAverage(
  planner: Planner,
  average: NonNullable<ReturnType<typeof averageOf>>,
  { network, chunks, shape }: Arenas,
  state: BufferRef,
): PlannedAverage {
  const { all: weights } = network.weights;
  const arena = (label: string) => planner.buffer('parameters', label, weights.size / 4);
  const all = arena('weights.average');
  const buffers = { chunks: chunks.refs.table, state, w: weights, a: all };
  return {
    all,
    kept: arena('weights.kept'),
    dispatch: planner.dispatch(weightAverage, { ...shape, ...average }, buffers),
  };
}
