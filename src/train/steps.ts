import type { Gpu } from '../gpu/device.ts';
import type { Kernel, KernelCache } from '../gpu/kernel.ts';
import type { Memory, Slice } from '../gpu/memory.ts';
import { bind, type Dispatch, type Recording } from '../gpu/recording.ts';
import { stateWords } from '../kernels/state.ts';
import * as step from '../kernels/step.ts';
import type { CompiledModel } from './model.ts';
import type { FilledOptimizer } from './optimizers.ts';
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
  /** The optimizer's own arenas, zeroed when it starts anew. */
  moments: Slice[];
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
): Promise<Steps> {
  const record = reader.shape;
  const launch = async <S>(kernel: Kernel<S>, shape: S, buffers: Record<string, Slice>): Promise<Dispatch> =>
    bind(gpu.device, await cache.compile(kernel, shape), '', buffers);
  const network = planNetwork(gpu, cache, memory, model, batch);
  const { weights, gradients, logits, logitsGradient } = await network;
  const labels = memory.storage('labels', batch);
  const targets = soft ? memory.storage('targets', batch * classes) : undefined;
  const probabilities = memory.storage('probabilities', batch * classes);

  const { chunks, ranges } = cutIntoChunks(gradients.tensors);
  const chunkTable = memory.upload('gradient_norm.chunks', chunks);
  const tensorTable = memory.upload('gradient_norm.tensors', ranges);
  const partials = memory.storage('gradient_norm.partials', chunks.length / 2);
  const elements = gradients.all.size / 16;
  const { beta1, beta2 } = optimizer.type === 'adam' ? optimizer : { beta1: 0, beta2: 0 };
  const normShape = {
    elements,
    chunks: chunks.length / 4,
    tensors: gradients.tensors.length,
    record,
    beta1,
    beta2,
    badStepsToHalt,
  };
  const squares = launch(step.gradientNorm, normShape, { dw: gradients.all, chunks: chunkTable, partials });

  const ledger = async (name: string): Promise<Ledger> => {
    const state = memory.storage(`${name}.state`, stateWords);
    const records = memory.storage(`${name}.records`, record.words * record.slots);
    const common = { z: logits, state, p: probabilities, dz: logitsGradient, records };
    const [begin, loss, softLoss, first, second] = await Promise.all([
      launch(step.beginStep, { batch }, { state }),
      launch(step.softmaxCrossEntropy, { batch, classes, soft: false, record }, { ...common, labels }),
      targets && launch(step.softmaxCrossEntropy, { batch, classes, soft: true, record }, { ...common, targets }),
      squares,
      launch(step.gradientNormReduce, normShape, { partials, tensors: tensorTable, records, state }),
    ]);
    return { state, records, begin, loss, softLoss, norms: [first, second] };
  };
  const [training, evaluation] = await Promise.all([ledger('training'), ledger('evaluation')]);

  const common = { dw: gradients.all, w: weights.all, state: training.state };
  const moment = (name: string) => memory.storage(name, elements * 4);
  let update: Dispatch;
  const moments: Slice[] = [];
  if (optimizer.type === 'adam') {
    const [m, v] = [moment('adam.m'), moment('adam.v')];
    moments.push(m, v);
    update = await launch(step.adam, { elements, ...optimizer }, { ...common, m, v });
  } else if (optimizer.momentum > 0) {
    const v = moment('sgd.v');
    moments.push(v);
    update = await launch(step.sgd, { elements, ...optimizer }, { ...common, v });
  } else {
    update = await launch(step.sgd, { elements, ...optimizer }, common);
  }
  return { network: await network, labels, targets, probabilities, training, evaluation, update, moments };
}

/** Cuts every tensor of the arena into chunks of whole vec4s; says which chunks are whose. */
function cutIntoChunks(tensors: readonly Slice[]): { chunks: Uint32Array; ranges: Uint32Array } {
  const chunks: number[] = [];
  const ranges: number[] = [];
  tensors.forEach((tensor, index) => {
    const begin = tensor.offset / 16;
    const end = begin + tensor.size / 16;
    ranges.push(chunks.length / 4);
    for (let at = begin; at < end; at += step.chunkVec4s)
      chunks.push(at, Math.min(end, at + step.chunkVec4s), index, 0);
    ranges.push(chunks.length / 4);
  });
  return { chunks: Uint32Array.from(chunks), ranges: Uint32Array.from(ranges) };
}
