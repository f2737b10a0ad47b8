import type { Gpu } from '../gpu/device.ts';
import type { Kernel, KernelCache } from '../gpu/kernel.ts';
import type { Memory, Slice } from '../gpu/memory.ts';
import { bind, type Dispatch, type Recording } from '../gpu/recording.ts';
import { stateWords } from '../kernels/state.ts';
import * as step from '../kernels/step.ts';
import * as kernels from '../kernels/update.ts';
import { type Chunks, cutIntoChunks } from './chunks.ts';
import { type Measurement, planMeasurement } from './measurement.ts';
import type { CompiledModel } from './model.ts';
import { clipOf, type FilledOptimizer } from './optimizers.ts';
import { type Network, planNetwork } from './plan.ts';
import type { RecordReader } from './records.ts';

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
  network: Network;
  labels: Slice;
  /** Shares of classes, [batch, classes]. */
  targets?: Slice;
  probabilities: Slice;
  training: Ledger;
  evaluation: Ledger;
  update: Dispatch;
  /** How the arenas of weights and gradients are cut, on the host and on the GPU. */
  chunks: Chunks & { slices: { table: Slice; ranges: Slice } };
  /** A vec4 a chunk, written every step: shaders/gradient_norm.wgsl, and, measured, shaders/lib/measure_update.wgsl. */
  partials: { gradient: Slice; update?: Slice };
  /** The optimizer's own arenas, zeroed when it starts anew. */
  moments: Slice[];
  /** What a training step measures of itself, where it does. */
  measurement?: Measurement;
}

/** Makes every buffer, pipeline and bind group that training needs, data sets aside. */
export async function planSteps(
  gpu: Gpu,
  cache: KernelCache,
  memory: Memory,
  model: CompiledModel,
  optimizer: FilledOptimizer,
  batch: number,
  classes: number,
  reader: RecordReader,
  soft: boolean,
  /** Measure each training step: what the update did, in `partials.update`, and all of `measurement`. */
  measured: boolean,
): Promise<Steps> {
  const record = reader.shape;
  const launch = async <S>(kernel: Kernel<S>, shape: S, buffers: Record<string, Slice>): Promise<Dispatch> =>
    bind(gpu.device, await cache.compile(kernel, shape), '', buffers);
  const network = planNetwork(gpu, cache, memory, model, batch);
  const { weights, gradients, logits, logitsGradient } = await network;
  const labels = memory.storage('labels', batch);
  const targets = soft ? memory.storage('targets', batch * classes) : undefined;
  const probabilities = memory.storage('probabilities', batch * classes);

  const chunks = cutIntoChunks(gradients.tensors);
  const chunkTable = memory.upload('chunks', chunks.table);
  const tensorTable = memory.upload('chunks.tensors', chunks.ranges);
  const partials = memory.storage('gradient_norm.partials', 4 * chunks.count);
  const shape = { elements: gradients.all.size / 16, chunks: chunks.count, tensors: gradients.tensors.length };
  const l2 = model.layers.flatMap((layer) => layer.weights.map((tensor) => tensor.l2));
  const regularized = l2.some((factor) => factor > 0);
  const regularizer = regularized ? { w: weights.all, l2: memory.upload('l2', Float32Array.from(l2)) } : undefined;
  const penalties = regularized ? memory.storage('l2_penalty.penalties', chunks.count) : undefined;
  const clip = clipOf(optimizer);
  const factors = clip && clip.by !== 'value' ? { factors: memory.storage('clip.factors', shape.tensors) } : undefined;
  const { beta1, beta2 } = optimizer.type === 'adam' ? optimizer : { beta1: 0, beta2: 0 };
  const endShape = { ...shape, record, beta1, beta2, badStepsToHalt, clip };
  const squares = launch(
    kernels.gradientNorm,
    { ...shape, regularized },
    { dw: gradients.all, chunks: chunkTable, partials, ...regularizer },
  );
  const penalty =
    regularizer && launch(kernels.l2Penalty, shape, { ...regularizer, chunks: chunkTable, penalties: penalties! });

  const ledger = async (name: string): Promise<Ledger> => {
    const state = memory.storage(`${name}.state`, stateWords);
    const records = memory.storage(`${name}.records`, record.words * record.slots);
    const common = { z: logits, state, p: probabilities, dz: logitsGradient, records, ...(penalties && { penalties }) };
    const lossShape = { batch, classes, penalties: penalties ? chunks.count : 0, record };
    const [begin, loss, softLoss, first, second] = await Promise.all([
      launch(step.beginStep, { batch }, { state }),
      launch(step.softmaxCrossEntropy, { ...lossShape, soft: false }, { ...common, labels }),
      targets && launch(step.softmaxCrossEntropy, { ...lossShape, soft: true }, { ...common, targets }),
      squares,
      launch(kernels.gradientNormReduce, endShape, { partials, tensors: tensorTable, records, state, ...factors }),
    ]);
    return { state, records, begin, loss, softLoss, norms: [first, second] };
  };
  const [training, evaluation] = await Promise.all([ledger('training'), ledger('evaluation')]);

  const updatePartials = measured ? memory.storage('update.partials', 4 * chunks.count) : undefined;
  const common = {
    dw: gradients.all,
    chunks: chunkTable,
    state: training.state,
    w: weights.all,
    ...(updatePartials && { partials: updatePartials }),
    ...factors,
  };
  const moment = (name: string) => memory.storage(name, gradients.all.size / 4);
  let update: Dispatch;
  const moments: Slice[] = [];
  const updateShape = { ...shape, measured, clip };
  if (optimizer.type === 'adam') {
    const [m, v] = [moment('adam.m'), moment('adam.v')];
    moments.push(m, v);
    update = await launch(kernels.adam, { ...updateShape, ...optimizer }, { ...common, m, v });
  } else if (optimizer.momentum > 0) {
    const v = moment('sgd.v');
    moments.push(v);
    update = await launch(kernels.sgd, { ...updateShape, ...optimizer }, { ...common, v });
  } else {
    update = await launch(kernels.sgd, { ...updateShape, ...optimizer }, common);
  }
  const planned = await network;
  const { activations } = planned;
  const { state, records } = training;
  const measurement =
    updatePartials &&
    planMeasurement(gpu, cache, memory, {
      activations,
      batch,
      chunks,
      partials: { gradient: partials, update: updatePartials },
      state,
      records,
      reader,
    });
  return {
    // The penalty is a part of every loss; where there is none, its dispatch isn't either.
    network: penalty ? { ...planned, forward: [await penalty, ...planned.forward] } : planned,
    labels,
    targets,
    probabilities,
    training,
    evaluation,
    update,
    moments,
    chunks: { ...chunks, slices: { table: chunkTable, ranges: tensorTable } },
    partials: { gradient: partials, update: updatePartials },
    measurement: await measurement,
  };
}
