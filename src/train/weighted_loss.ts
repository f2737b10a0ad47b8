import type { Slice } from '../gpu/memory.ts';
import type { Dispatch } from '../gpu/recording.ts';
import { isCategorical } from '../model/loss.ts';
import type { DatasetInput } from '../plan/input.ts';
import { loadFurtherTraining } from '../plan/loaded_training.ts';
import { lossLaunch } from '../plan/losses/index.ts';
import type { BoundState } from '../plan/steps.ts';
import type { Engine } from './engine.ts';

/** Creates the losses of an input with sample weights. The input is disposed of if that fails. */
export async function weighInput(
  engine: Engine,
  input: DatasetInput,
  state: BoundState,
  inference: boolean,
): Promise<DatasetInput> {
  const { plain, soft } = input;
  const weights = input.weights!;
  try {
    input.loss = await weightedLoss(engine, state, soft, weights, inference);
    if (plain) plain.loss = plain.soft === soft ? input.loss : await weightedLoss(engine, state, plain.soft, weights);
    return input;
  } catch (error) {
    input.dispose();
    throw error;
  }
}

/** The loss of a state for a batch whose sample weights were passed to a method. */
export const batchLoss = (engine: Engine, state: BoundState, soft: boolean, weights: Float32Array): Promise<Dispatch> =>
  weightedLoss(engine, state, soft, writeBatchWeights(engine, weights));

/** The buffer for the sample weights of a batch that were passed to a method, allocated with the first of them. */
const batchWeights = new WeakMap<Engine, Slice>();

/** Uploads the sample weights of a batch, or of the next micro-batch, that were passed to a method. */
export function writeBatchWeights(engine: Engine, weights: Float32Array): Slice {
  const slice = batchWeights.get(engine) ?? engine.memory.storage('batch.weights', engine.settings.batchSize);
  batchWeights.set(engine, slice);
  engine.write(slice, weights);
  return slice;
}

async function weightedLoss(
  engine: Engine,
  state: BoundState,
  soft: boolean,
  weights: Slice,
  inference = false,
): Promise<Dispatch> {
  await loadFurtherTraining();
  const { loss, outputs, batchSize: batch } = engine.settings;
  const { labels, targets, chunks } = engine.steps;
  const lossBuffers = inference ? state.inferenceLossBuffers : state.lossBuffers;
  const penalties = lossBuffers.penalties ? chunks.count : 0;
  const size = { batch, outputs, penalties, record: engine.reader.shape, soft, weighted: true };
  const { kernel, shape } = lossLaunch(loss, size);
  const takesLabels = isCategorical(loss) && !soft;
  const buffers = { ...lossBuffers, ...(takesLabels ? { labels } : { targets: targets! }), weights };
  return engine.dispatch(kernel, shape, buffers as Record<string, Slice>);
}
