import { ConfigurationError } from '../errors.ts';
import { counted } from '../figures.ts';
import type { Slice } from '../gpu/memory.ts';
import { readSlices } from '../gpu/readback.ts';
import type { Recording } from '../gpu/recording.ts';
import { submit } from '../gpu/submission.ts';
import { healthReaderFor } from '../health/health_record.ts';
import type { StepRecord } from '../health/history.ts';
import { stateFields } from '../kernels/state.ts';
import { isCategorical, takesTargets } from '../model/loss.ts';
import type { BatchInput } from '../plan/input.ts';
import { stepSamples } from '../plan/settings.ts';
import type { BoundState } from '../plan/steps.ts';
import { requireValues } from '../plan/targets.ts';
import { diagnose } from './diagnose.ts';
import type { Engine } from './engine.ts';
import { countImages, imageElements } from './float_images.ts';
import { requireLabels } from './labels.ts';
import { requireSampleWeight } from './sample_weights.ts';
import { gradientMicroBatches, trainingMicroBatches } from './step_recordings.ts';
import { batchLoss, writeBatchWeights } from './weighted_loss.ts';
import { readTrained } from './weights.ts';

/** The record of a step on a batch. */
export type BatchRecord = Pick<
  StepRecord,
  'loss' | 'accuracy' | 'meanAbsoluteError' | 'lossScale' | 'lossScaleHalved' | 'gradientNorms' | 'health'
>;

/** Options of `Trainer.trainOnBatch` and `Trainer.gradients`. */
export interface BatchOptions {
  /** Weight of each image's loss, >= 0; 1 by default. */
  sampleWeight?: ArrayLike<number>;
}

/** Implements `Trainer.trainOnBatch`: one step on one batch. */
export async function trainOnBatch(
  engine: Engine,
  images: Float32Array,
  labels: ArrayLike<number>,
  options: BatchOptions = {},
): Promise<BatchRecord> {
  const { gpu, memory, reader, steps } = engine;
  const { training } = steps;
  await engine.useKernelsOfStep();
  await runBatch(engine, training, { images, labels, ...options }, (input) => trainingMicroBatches(steps, input));
  const step = engine.trainingBegan();
  const record = recordOf(engine, training, step);
  const [bytes, state] = await readSlices(gpu, memory, [record, training.state]);
  if (new DataView(state!).getUint32(stateFields.indexOf('halted') * 4, true)) {
    const error = await diagnose(gpu, memory, steps, step, engine.lastUpdate);
    engine.resetHalt(training);
    throw error;
  }
  const { model, health } = engine.settings;
  const healthReader = healthReaderFor(model, health);
  const { step: _, epoch: __, samples: ___, skipped, ...figures } = reader.read(bytes!, 0, healthReader)!;
  if (!skipped) engine.noteUpdate(step);
  return figures;
}

/** Implements `Trainer.gradients`: loss and gradients on one batch, without an update. */
export async function gradients(
  engine: Engine,
  images: Float32Array,
  labels: ArrayLike<number>,
  options: BatchOptions = {},
): Promise<{ loss: number; gradientNorms: Record<string, number>; gradients: Float32Array[] }> {
  const { gpu, memory, reader } = engine;
  const { network, evaluation } = engine.steps;
  engine.resetHalt(evaluation); // bad steps are counted per call
  await runBatch(engine, evaluation, { images, labels, ...options }, (input) =>
    gradientMicroBatches(engine.steps, input),
  );
  const step = engine.evaluationBegan();
  const [bytes] = await readSlices(gpu, memory, [recordOf(engine, evaluation, step)]);
  const record = reader.read(bytes!, 0)!;
  const tensors = await readTrained(engine, network.gradients.tensors);
  return { loss: record.loss, gradientNorms: record.gradientNorms, gradients: tensors };
}

/** Position of a step's record in the ring. */
function recordOf({ reader }: Engine, { records }: BoundState, step: number): Slice {
  const { buffer, offset, label } = records;
  return { buffer, label, offset: offset + (step % reader.shape.slots) * reader.bytes, size: reader.bytes };
}

interface Batch extends BatchOptions {
  images: Float32Array;
  labels: ArrayLike<number>;
}

/**
 * Runs the micro-batches of a step, each on its part of the images. A micro-batch without images computes the previous part
 * again.
 *
 * @param cut the step with a loss that fits the labels, split into the dispatches of each micro-batch.
 */
async function runBatch(
  engine: Engine,
  stepState: BoundState,
  batch: Batch,
  cut: (input: BatchInput) => Recording[],
): Promise<void> {
  const { model, outputs, loss, batchSize } = engine.settings;
  const { images, labels } = batch;
  const { count, weights } = requireBatch(engine, batch);
  const hasTargets = takesTargets(loss);
  const soft = isCategorical(loss) && hasTargets;
  const weightedLoss = weights && (await batchLoss(engine, stepState, soft, weights.subarray(0, batchSize)));
  const microBatches = cut({ recording: [], soft, ...(weightedLoss && { loss: weightedLoss }) });
  const [ofImage, ofLabel] = [imageElements(model), hasTargets ? outputs : 1];
  const position = positionOf(engine);
  engine.beginSamples(stepState, position + count, position);
  for (const [i, recording] of microBatches.entries()) {
    const [first, end] = [i * batchSize, Math.min(count, (i + 1) * batchSize)];
    if (first < end) {
      writeLabels(engine, Array.prototype.slice.call(labels, first * ofLabel, end * ofLabel));
      writeImages(engine, images.subarray(first * ofImage, end * ofImage));
      if (weights) writeBatchWeights(engine, weights.subarray(first, end));
    }
    engine.run(recording);
  }
}

/**
 * @returns the number of images in the batch, and their weights. @throws ConfigurationError for a batch that doesn't fit the
 * trainer.
 */
function requireBatch(
  { settings }: Engine,
  { images, labels, sampleWeight }: Batch,
): { count: number; weights: Float32Array | undefined } {
  const { model, outputs, loss } = settings;
  const most = stepSamples(settings);
  const count = countImages(model, images);
  const hasTargets = takesTargets(loss);
  const each = hasTargets ? outputs : 1;
  const ofEach = isCategorical(loss) ? `${each} soft labels` : counted(each, 'number');
  if (count > most || count * each !== labels?.length || count === 0) {
    throw new ConfigurationError({
      what: "The batch doesn't fit the trainer",
      found: `${counted(count, 'image')} and ${labels ? counted(labels.length, 'label') : 'no labels'}`,
      expected: `1 to ${counted(most, 'image')}, ${hasTargets ? ofEach : 'a label'} each`,
      ...(count > most && { fix: 'create the trainer with a larger batchSize' }),
    });
  }
  const weights = sampleWeight && requireSampleWeight(sampleWeight, count);
  if (hasTargets) requireValues(loss.type, labels, outputs);
  else requireLabels(labels, outputs);
  return { count, weights };
}

function writeLabels(engine: Engine, labels: readonly number[]): void {
  const { steps, settings } = engine;
  if (takesTargets(settings.loss)) engine.write(steps.targets!, Float32Array.from(labels));
  else engine.write(steps.labels, Uint32Array.from(labels));
}

/**
 * Position of a batch among the samples of the run, which seeds the random numbers of layers. Each step on a batch uses new
 * numbers, as in Keras, and a trainer restored from a snapshot continues with the next ones, because the snapshot contains the
 * step count. Positions come after those of all epochs that `fit` has trained, so that no epoch's numbers are repeated.
 * `gradients` uses the numbers of the next step.
 */
function positionOf({ trainingSteps, settings }: Engine): number {
  return (trainingSteps * stepSamples(settings)) % 2 ** 31;
}

/**
 * The slots after the last image are zeroed, because a NaN left there by an earlier batch stays NaN even when multiplied by a
 * zero gradient.
 */
function writeImages({ gpu, steps }: Engine, images: Float32Array): void {
  const { buffer, offset, size } = steps.network.input;
  gpu.device.queue.writeBuffer(buffer, offset, images as Float32Array<ArrayBuffer>);
  if (images.byteLength === size) return;
  const rest = { buffer, offset: offset + images.byteLength, size: size - images.byteLength };
  submit(gpu.device, 'empty slots', (work) => work.clear(rest));
}
