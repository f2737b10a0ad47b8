import type { Slice } from '../gpu/memory.ts';
import type { Recorder } from '../gpu/recorder.ts';
import type { Dispatch, Recording } from '../gpu/recording.ts';
import { stateWords } from '../kernels/state.ts';
import * as step from '../kernels/step.ts';
import * as kernels from '../kernels/update.ts';
import { type Chunks, cutIntoChunks } from './chunks.ts';
import { type Measurement, planMeasurement } from './measurement.ts';
import type { CompiledModel } from './model.ts';
import { clipOf } from './optimizers.ts';
import { type Network, planNetwork } from './plan.ts';
import type { RecordReader } from './records.ts';
import type { Settings } from './trainer_options.ts';

/** Bad steps in a row after which training stops: one can be chance, three are a run that has diverged. */
export const badStepsToHalt = 3;

/** A state with its ring of records: one for training, one for what must leave training alone. */
export interface Ledger {
  state: Slice;
  records: Slice;
  begin: Dispatch;
  loss: Dispatch;
  /** The same against shares of classes, where somebody has them. */
  softLoss?: Dispatch;
  /** Norms of all tensors, in two dispatches; the second decides whether the step counts. */
  norms: Recording;
}

/** Everything that a trainer replays, for one model and batch size. */
export interface Steps {
  network: Omit<Network, 'recordings'> & { forward: Recording; backward: Recording };
  labels: Slice;
  /** Shares of classes, [batch, classes]. */
  targets?: Slice;
  probabilities: Slice;
  training: Ledger;
  evaluation: Ledger;
  update: Dispatch;
  /** How the arenas of weights and gradients are cut, on the host and on the GPU. */
  chunks: UploadedChunks;
  /** The optimizer's own arenas, zeroed when it starts anew. */
  moments: Slice[];
  /** What a training step measures of itself, where it does. */
  measurement?: Measurement;
}

interface UploadedChunks extends Chunks {
  slices: { table: Slice; ranges: Slice };
}

/**
 * Makes every buffer, pipeline and bind group that training needs, data sets aside. First all buffers, so that all kernels
 * compile side by side.
 */
export async function planSteps(recorder: Recorder, settings: Settings, reader: RecordReader): Promise<Steps> {
  const { memory } = recorder;
  const { model, batchSize: batch, classes, soft, health } = settings;
  const { recordings, ...network } = planNetwork(recorder, model, batch);
  const batchBuffers = {
    labels: memory.storage('labels', batch),
    ...(soft && { targets: memory.storage('targets', batch * classes) }),
    probabilities: memory.storage('probabilities', batch * classes),
  };
  const chunks = uploadChunks(recorder, network);
  const penalty = planPenalty(recorder, model, network, chunks);
  const clip = clipOf(settings.optimizer);
  const arenas: Arenas = {
    network,
    chunks,
    shape: shapeOf(network, chunks),
    partials: memory.storage('gradient_norm.partials', 4 * chunks.count),
    ...(penalty && { penalty: penalty.buffers }),
    ...(clip && clip.by !== 'value' && { factors: memory.storage('clip.factors', network.gradients.tensors.length) }),
    ...(health !== 'off' && { updated: memory.storage('update.partials', 4 * chunks.count) }),
  };
  const squares = recorder.dispatch(
    kernels.gradientNorm,
    { ...arenas.shape, regularized: penalty !== undefined },
    {
      dw: network.gradients.all,
      chunks: chunks.slices.table,
      partials: arenas.partials,
      ...(penalty && { w: network.weights.all, l2: penalty.buffers.l2 }),
    },
  );
  const ledgers = (['training', 'evaluation'] as const).map((name) => layLedger(recorder, name, reader));
  const [training, evaluation] = ledgers.map((buffers) =>
    planLedger(recorder, settings, reader, arenas, { ...batchBuffers, ...buffers }, squares),
  ) as [Promise<Ledger>, Promise<Ledger>];
  const { update, moments } = planUpdate(recorder, settings, arenas, ledgers[0]!.state);
  const measurement =
    arenas.updated &&
    planMeasurement(recorder, {
      activations: network.activations,
      batch,
      chunks,
      partials: { gradient: arenas.partials, update: arenas.updated },
      ...ledgers[0]!,
      reader,
    });
  const done = await Promise.all([recordings, penalty?.dispatch, training, evaluation, update, measurement]);
  const [{ forward, backward }, added] = done;
  return {
    // The penalty is a part of every loss; where there is none, its dispatch isn't either.
    network: { ...network, forward: added ? [added, ...forward] : forward, backward },
    ...batchBuffers,
    training: done[2],
    evaluation: done[3],
    update: done[4],
    moments,
    chunks,
    measurement: done[5],
  };
}

/** What goes over all tensors at once: the arenas, how they are cut, and what is noted of each chunk or tensor. */
interface Arenas {
  network: Pick<Network, 'weights' | 'gradients' | 'logits' | 'logitsGradient'>;
  chunks: UploadedChunks;
  shape: kernels.ChunkedShape;
  /** A vec4 a chunk, written every step: shaders/gradient_norm.wgsl. */
  partials: Slice;
  /** The same of what the update did, where it is measured: shaders/lib/measure_update.wgsl. */
  updated?: Slice;
  penalty?: { l2: Slice; penalties: Slice };
  /** By which each tensor's gradient is scaled down, where norms are clipped. */
  factors?: Slice;
}

function uploadChunks({ memory }: Recorder, { gradients }: Arenas['network']): UploadedChunks {
  const chunks = cutIntoChunks(gradients.tensors);
  const slices = {
    table: memory.upload('chunks', chunks.table),
    ranges: memory.upload('chunks.tensors', chunks.ranges),
  };
  return { ...chunks, slices };
}

const shapeOf = ({ gradients }: Arenas['network'], { count }: Chunks): kernels.ChunkedShape => ({
  elements: gradients.all.size / 16,
  chunks: count,
  tensors: gradients.tensors.length,
});

/** What L2 regularizers add to the loss; undefined where no layer has one. */
function planPenalty(recorder: Recorder, model: CompiledModel, network: Arenas['network'], chunks: UploadedChunks) {
  const factors = model.layers.flatMap((layer) => layer.weights.map((tensor) => tensor.l2));
  if (!factors.some((factor) => factor > 0)) return undefined;
  const l2 = recorder.memory.upload('l2', Float32Array.from(factors));
  const penalties = recorder.memory.storage('l2_penalty.penalties', chunks.count);
  const dispatch = recorder.dispatch(kernels.l2Penalty, shapeOf(network, chunks), {
    w: network.weights.all,
    l2,
    chunks: chunks.slices.table,
    penalties,
  });
  return { buffers: { l2, penalties }, dispatch };
}

const layLedger = ({ memory }: Recorder, name: string, { shape }: RecordReader) => ({
  state: memory.storage(`${name}.state`, stateWords),
  records: memory.storage(`${name}.records`, shape.words * shape.slots),
});

/** @param squares of the gradients, which both ledgers share. */
async function planLedger(
  recorder: Recorder,
  { batchSize: batch, classes, optimizer }: Settings,
  { shape: record }: RecordReader,
  { network, chunks, shape, partials, penalty, factors }: Arenas,
  {
    state,
    records,
    labels,
    targets,
    probabilities,
  }: Record<'state' | 'records' | 'labels' | 'probabilities', Slice> & {
    targets?: Slice;
  },
  squares: Promise<Dispatch>,
): Promise<Ledger> {
  const penalties = penalty && { penalties: penalty.penalties };
  const buffers = { z: network.logits, state, p: probabilities, dz: network.logitsGradient, records, ...penalties };
  const lossShape = { batch, classes, penalties: penalty ? chunks.count : 0, record };
  const { beta1, beta2 } = optimizer.type === 'adam' ? optimizer : { beta1: 0, beta2: 0 };
  const [begin, loss, softLoss, first, second] = await Promise.all([
    recorder.dispatch(step.beginStep, { batch }, { state }),
    recorder.dispatch(step.softmaxCrossEntropy, { ...lossShape, soft: false }, { ...buffers, labels }),
    targets && recorder.dispatch(step.softmaxCrossEntropy, { ...lossShape, soft: true }, { ...buffers, targets }),
    squares,
    recorder.dispatch(
      kernels.gradientNormReduce,
      { ...shape, record, beta1, beta2, badStepsToHalt, clip: clipOf(optimizer) },
      { partials, tensors: chunks.slices.ranges, records, state, ...(factors && { factors }) },
    ),
  ]);
  return { state, records, begin, loss, softLoss, norms: [first, second] };
}

/** The optimizer's dispatch, and its arenas: Adam's m and v, or SGD's velocity. */
function planUpdate(
  recorder: Recorder,
  { optimizer }: Settings,
  { network, chunks, shape, updated, factors }: Arenas,
  state: Slice,
): { update: Promise<Dispatch>; moments: Slice[] } {
  const { weights, gradients } = network;
  const moment = (name: string) => recorder.memory.storage(name, gradients.all.size / 4);
  const buffers = {
    dw: gradients.all,
    chunks: chunks.slices.table,
    state,
    w: weights.all,
    ...(updated && { partials: updated }),
    ...(factors && { factors }),
  };
  const updateShape = { ...shape, measured: updated !== undefined, clip: clipOf(optimizer) };
  if (optimizer.type === 'adam') {
    const [m, v] = [moment('adam.m'), moment('adam.v')];
    const update = recorder.dispatch(kernels.adam, { ...updateShape, ...optimizer }, { ...buffers, m, v });
    return { update, moments: [m, v] };
  }
  const velocity = optimizer.momentum > 0 ? moment('sgd.v') : undefined;
  const update = recorder.dispatch(
    kernels.sgd,
    { ...updateShape, ...optimizer },
    { ...buffers, ...(velocity && { v: velocity }) },
  );
  return { update, moments: velocity ? [velocity] : [] };
}
