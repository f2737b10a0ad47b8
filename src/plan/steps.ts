import type { RecordReader } from '../health/records.ts';
import { scheduleWords } from '../kernels/schedule.ts';
import { stateWords } from '../kernels/state.ts';
import * as step from '../kernels/step.ts';
import * as kernels from '../kernels/update.ts';
import { trainedTensors } from '../model/graph.ts';
import { matrixOf } from '../model/layer.ts';
import { isCategorical } from '../model/loss.ts';
import { averageOf, betasOf, clipOf } from '../model/optimizer.ts';
import { scheduleOf } from '../model/schedule.ts';
import type { ScheduleType } from '../model/schedules/index.ts';
import type { Accumulation } from './accumulation.ts';
import type { PlannedAverage } from './averages_and_penalties.ts';
import type { Bound } from './bind.ts';
import { type Chunks, cutIntoChunks } from './chunks.ts';
import { furtherTraining } from './loaded_training.ts';
import { lossLaunch } from './losses/index.ts';
import { type Measurement, planMeasurement } from './measurement.ts';
import { type GraphPlan, type Network, planMovingStatistics, planNetwork } from './network.ts';
import { type LossChain, phasesOf } from './phases.ts';
import type { BufferRef, PlannedDispatch, Planner, UpgradableDispatch } from './planner.ts';
import { isRegularized } from './regularized.ts';
import type { Settings } from './settings.ts';
import { planUpdate } from './update.ts';

/** Training stops after this many bad steps in a row: one can be chance, three mean that the run has diverged. */
export const badStepsToHalt = 3;

/** A state with its ring of records: one for training, and one for work that must not affect training. */
export interface StepState {
  state: BufferRef;
  records: BufferRef;
  begin: PlannedDispatch;
  /** Loss and its gradient for the network in training mode. */
  loss: PlannedDispatch;
  /** The same with soft labels, if a classification loss uses them. */
  softLoss?: PlannedDispatch;
  /** Both for the network in inference mode. */
  inferenceLoss: PlannedDispatch;
  inferenceSoftLoss?: PlannedDispatch;
  /** The buffers of `loss` except its labels, for other dispatches of the loss. */
  lossBuffers: LossBuffers;
  /** The same buffers for the network in inference mode. */
  inferenceLossBuffers: LossBuffers;
  /** The losses that share a launch with other dispatches. */
  chains?: LossChain<PlannedDispatch>[] | undefined;
  /** Present if a step has several micro-batches. */
  accumulation?: Accumulation<PlannedDispatch>;
  /** Norms of all tensors, in two dispatches; the second decides whether the step is skipped. */
  norms: PlannedDispatch[];
}

/** z, p, dz, state and records of a loss, and the regularization penalties of the layers. */
export type LossBuffers = Record<'z' | 'p' | 'dz' | 'state' | 'records', BufferRef> & { penalties?: BufferRef };

/** Everything that a trainer replays for one model and batch size, except for data sets; as data. */
export interface StepPlan {
  network: Network;
  /** Present if activations are stored as float16. */
  lossScale?: number | 'dynamic';
  /** The scale, its inverse and the number of updates since it last changed, if it is dynamic: see dynamic_loss_scale.ts. */
  dynamicScale?: BufferRef;
  labels: BufferRef;
  /** Soft labels or regression targets, [batch, outputs]. */
  targets?: BufferRef;
  /** The model's output, [batch, outputs]. */
  probabilities: BufferRef;
  training: StepState;
  evaluation: StepState;
  /** The optimizer's dispatches, and those that update moving statistics. */
  update: PlannedDispatch[];
  /** How the arenas of weights and gradients are split into chunks, on the host and on the GPU. */
  chunks: UploadedChunks;
  /** The optimizer's slots, one arena each, initially zero. */
  slots: BufferRef[];
  /** The moving average of the weights, if the optimizer keeps one; its dispatch is part of `update`. */
  average?: PlannedAverage;
  /**
   * The learning-rate schedule of training. The host may replace it between two submissions; a schedule of another type also
   * needs another `begin`.
   */
  schedule: BufferRef;
  /** The measurement of a training step; undefined if health is off. */
  measurement?: Measurement;
  upgradable: readonly UpgradableDispatch[];
}

/** The same with GPU objects, as the trainer uses it. */
export type BoundSteps = Bound<StepPlan>;
export type BoundState = Bound<StepState>;

export interface UploadedChunks extends Chunks {
  refs: { table: BufferRef; ranges: BufferRef };
}

/**
 * Plans every buffer and dispatch that training needs, except for data sets.
 *
 * @param planOfNetwork plans a network other than the one that trains.
 */
export function planSteps(
  planner: Planner,
  settings: Settings,
  reader: RecordReader,
  planOfNetwork: typeof planNetwork = planNetwork,
): StepPlan {
  const { model, batchSize: batch, accumulationSteps, outputs, loss, soft, health, optimizer } = settings;
  const [trainingState, evaluationState] = (['training', 'evaluation'] as const).map((name) =>
    stateBuffers(planner, name, reader),
  ) as [OwnState, OwnState];
  const states = { training: trainingState.state, evaluation: evaluationState.state };
  const network = planOfNetwork(planner, model, batch, states);
  const batchBuffers = {
    labels: planner.buffer('state', 'labels', batch),
    ...((soft || !isCategorical(loss)) && { targets: planner.buffer('state', 'targets', batch * outputs) }),
    probabilities: planner.buffer('state', 'probabilities', batch * outputs),
  };
  const chunks = uploadChunks(planner, network);
  const shape = shapeOf(network, chunks);
  const penalty = isRegularized(model) && furtherTraining().planPenalty(planner, model, { network, chunks, shape });
  const clip = clipOf(optimizer);
  const arenas: Arenas & { network: Network } = {
    network,
    chunks,
    shape,
    partials: planner.buffer('state', 'gradient_norm.partials', 4 * chunks.count),
    ...(penalty && { penalty: penalty.buffers }),
    ...(clip &&
      clip.by !== 'value' && { factors: planner.buffer('state', 'clip.factors', network.gradients.tensors.length) }),
    ...(health !== 'off' && { updated: planner.buffer('state', 'update.partials', 4 * chunks.count) }),
  };
  const squares = planner.dispatch(
    kernels.gradientNorm,
    { ...arenas.shape, regularized: penalty !== false },
    {
      dw: network.gradients.all,
      chunks: chunks.refs.table,
      partials: arenas.partials,
      ...(penalty && { w: network.weights.all, regularizers: penalty.buffers.regularizers }),
    },
  );
  const schedule = planner.buffer('state', 'schedule', scheduleWords);
  const { type: scheduleType } = scheduleOf(optimizer.learningRate);
  const planOf = (own: OwnState, graph: GraphPlan) =>
    planState(planner, settings, reader, arenas, { ...batchBuffers, ...own }, { graph, squares });
  const training = planOf({ ...trainingState, schedule: { words: schedule, type: scheduleType } }, network.training);
  const evaluation = planOf(evaluationState, network.gradient);
  const matrices = trainedTensors(model).map(({ spec }) => matrixOf(spec));
  const { dispatches, slots } = planUpdate(planner, optimizer, arenas, training.state, matrices);
  const averaging = averageOf(optimizer);
  const average = averaging && furtherTraining().planAverage(planner, averaging, arenas, training.state);
  const accumulated =
    accumulationSteps > 1
      ? furtherTraining().planAccumulated(planner, settings, reader, arenas, {
          training: trainingState,
          evaluation: evaluationState,
        })
      : undefined;
  const move = accumulated ? accumulated.move : planMovingStatistics(planner, network, training.state);
  const measurement =
    arenas.updated &&
    planMeasurement(planner, {
      model,
      network,
      batch,
      chunks,
      partials: { gradient: arenas.partials, update: arenas.updated },
      squares,
      state: training.state,
      records: training.records,
      reader,
      everyMicroBatch: accumulated !== undefined,
    });
  const measuring = measurement ? withMeasurement(network, measurement) : network;
  const whole = penalty ? furtherTraining().withPenalty(measuring, penalty.dispatch) : measuring;
  return {
    network: whole,
    ...batchBuffers,
    training: {
      ...training,
      chains: planner.joint?.chainLosses(whole.training, lossesOf(training), planner.traits),
      ...(measurement && { norms: [measurement.squares, ...training.norms.slice(1)] }),
      ...(accumulated && { accumulation: accumulated.training }),
    },
    evaluation: { ...evaluation, ...(accumulated && { accumulation: accumulated.evaluation }) },
    update: [...dispatches, ...(average ? [average.dispatch] : []), ...(move ? [move] : [])],
    slots,
    ...(average && { average }),
    schedule,
    chunks,
    ...(measurement && { measurement }),
    upgradable: planner.upgradable,
  };
}

/** Inserts the groups that are measured within the backward pass. Gradient-only steps measure nothing. */
function withMeasurement(network: Network, { within }: Measurement): Network {
  if (within.length === 0) return network;
  const { training } = network;
  const after = (count: number) => within.filter((one) => one.after === count).map(({ dispatch }) => dispatch);
  const backward = [...after(0), ...training.backward.flatMap((dispatch, i) => [dispatch, ...after(i + 1)])];
  return { ...network, training: { ...training, backward } };
}

const lossesOf = ({ loss, softLoss }: StepState) => (softLoss ? [loss, softLoss] : [loss]);

/** The lists that are replayed. Memory is shared only by buffers whose lifetimes don't overlap in any of them. */
export function sequencesOf(plan: StepPlan): PlannedDispatch[][] {
  const { network, training, evaluation } = plan;
  const trainings = (chains: StepState['chains']) =>
    lossesOf(training).map((loss) => Object.values(phasesOf(plan, [], loss, chains)).flat());
  return [
    ...trainings(training.chains),
    // A loss with sample weights is never part of a chain.
    ...(training.chains ? trainings([]) : []),
    ...lossesOf(evaluation).map((loss) => [
      evaluation.begin,
      ...network.gradient.forward,
      loss,
      ...network.gradient.backward,
      ...evaluation.norms,
    ]),
    [evaluation.begin, ...network.inference.forward, evaluation.inferenceLoss],
    ...(evaluation.inferenceSoftLoss
      ? [[evaluation.begin, ...network.inference.forward, evaluation.inferenceSoftLoss]]
      : []),
  ];
}

/** The arenas of all tensors, and the tables of their chunks and tensors. */
export interface Arenas {
  network: Pick<Network, 'weights' | 'gradients' | 'inference'>;
  chunks: UploadedChunks;
  shape: kernels.ChunkedShape;
  /** A vec4 per chunk, written in every step by shaders/gradient_norm.wgsl. */
  partials: BufferRef;
  /** A vec4 per chunk about the update, if it is measured; see shaders/lib/measure_update.wgsl. */
  updated?: BufferRef;
  penalty?: { regularizers: BufferRef; penalties: BufferRef };
  /** Factors that scale down each tensor's gradient, if norms are clipped. */
  factors?: BufferRef;
}

function uploadChunks(planner: Planner, { gradients }: Arenas['network']): UploadedChunks {
  const chunks = cutIntoChunks(gradients.tensors);
  const refs = {
    table: planner.upload('chunks', chunks.table),
    ranges: planner.upload('chunks.tensors', chunks.ranges),
  };
  return { ...chunks, refs };
}

const shapeOf = ({ gradients }: Arenas['network'], { count }: Chunks): kernels.ChunkedShape => ({
  elements: gradients.all.size / 16,
  chunks: count,
  tensors: gradients.tensors.length,
});

const stateBuffers = (planner: Planner, name: string, { shape }: RecordReader) => ({
  state: planner.buffer('state', `${name}.state`, stateWords),
  records: planner.buffer('state', `${name}.records`, shape.words * shape.slots),
});

/** A state that never changes weights has no schedule. */
export type OwnState = ReturnType<typeof stateBuffers> & { schedule?: { words: BufferRef; type: ScheduleType } };
type StateBuffers = OwnState & Record<'labels' | 'probabilities', BufferRef> & { targets?: BufferRef };

/** @param squares of the gradients, which training and evaluation share. */
function planState(
  planner: Planner,
  { batchSize: batch, outputs, loss, soft, optimizer }: Settings,
  { shape: record }: RecordReader,
  { network, chunks, shape, partials, penalty, factors }: Arenas,
  { state, records, schedule, labels, targets, probabilities }: StateBuffers,
  { graph, squares }: { graph: GraphPlan; squares: PlannedDispatch },
): StepState {
  const size = { batch, outputs, penalties: penalty ? chunks.count : 0, record, weighted: false };
  const buffersOf = ({ logits, logitsGradient }: GraphPlan): LossBuffers => ({
    z: logits,
    state,
    p: probabilities,
    dz: logitsGradient,
    records,
    ...(penalty && { penalties: penalty.penalties }),
  });
  const dispatchOf = (of: GraphPlan, isSoft: boolean) => {
    const { kernel, shape } = lossLaunch(loss, { ...size, soft: isSoft });
    const takesLabels = isCategorical(loss) && !isSoft;
    return planner.dispatch(kernel, shape, { ...buffersOf(of), ...(takesLabels ? { labels } : { targets: targets! }) });
  };
  const lossesOf = (of: GraphPlan) => [dispatchOf(of, false), soft ? dispatchOf(of, true) : undefined] as const;
  const [ofGraph, softOfGraph] = lossesOf(graph);
  const [ofInference, softOfInference] =
    network.inference === graph ? [ofGraph, softOfGraph] : lossesOf(network.inference);
  return {
    state,
    records,
    begin: planner.dispatch(
      step.beginStep,
      { batch, schedule: schedule?.type },
      { state, ...(schedule && { schedule: schedule.words }) },
    ),
    loss: ofGraph,
    ...(softOfGraph && { softLoss: softOfGraph }),
    inferenceLoss: ofInference,
    ...(softOfInference && { inferenceSoftLoss: softOfInference }),
    lossBuffers: buffersOf(graph),
    inferenceLossBuffers: buffersOf(network.inference),
    norms: [
      squares,
      planner.dispatch(
        kernels.gradientNormReduce,
        { ...shape, record, ...betasOf(optimizer), badStepsToHalt, clip: clipOf(optimizer) },
        { partials, tensors: chunks.refs.ranges, records, state, ...(factors && { factors }) },
      ),
    ],
  };
}
