import { type BatchSource, planBatch } from '../augment/batch.ts';
import { furtherAugmentation } from '../augment/loaded.ts';
import type { Pipeline } from '../augment/pipeline.ts';
import { isPlainPipeline } from '../augment/plain.ts';
import type { Dataset } from '../data/dataset.ts';
import { Memory, type Slice } from '../gpu/memory.ts';
import type { Recorder } from '../gpu/recorder.ts';
import type { Dispatch, Recording } from '../gpu/recording.ts';
import type { ImageUse } from '../image_source.ts';
import { shuffledOrder } from '../model/initializers.ts';
import { isCategorical } from '../model/loss.ts';
import { product } from '../product.ts';
import { type InputBuffers, plainOf, sourceOf } from './batch_source.ts';
import { checkImageShape, checkImages } from './check_images.ts';
import type { ImageStream, StreamedEpoch } from './image_stream.ts';
import { areOnlyLabels, type LabelFacts, type ModelFacts, requireLabelsBelow } from './labels.ts';
import type { InputView } from './mix.ts';
import { pipelineFor } from './pipeline_for.ts';

/** The dispatches that produce a batch, and the kind of labels it has. */
export interface BatchInput {
  recording: Recording;
  /** True if a classification loss gets soft labels, because images are mixed or the data set has soft labels. */
  soft: boolean;
  /** Replaces the trainer's loss if samples have weights. */
  loss?: Dispatch;
}

/** A data set on the GPU as bytes, with the dispatches that turn a batch of it into the network's input. */
export interface DatasetInput extends BatchInput {
  /** The same samples without augmentation, if requested and if the augmentation changes anything. */
  plain?: BatchInput;
  /** Weights of the batch's samples, if there are any. */
  weights?: Slice;
  /** The bytes of the images. A kernel fills them if the data set is blank. */
  images: Slice;
  /** Number of passes over the images of a batch. */
  passes: number;
  /** Samples per epoch, counting each view of an image. */
  samplesPerEpoch: number;
  /** The order of the samples in this epoch; the host writes it once per epoch. */
  order: Slice;
  /** The order of an epoch, counted from 1. With Keras' random numbers it also uploads the parameters sampled for each image. */
  orderOf(epoch: number, shuffle: boolean): Uint32Array<ArrayBuffer>;
  /**
   * Starts a pass over the samples in an order, from a position.
   *
   * @param pass the epoch that seeds the random numbers, and a function that returns the pass after it, whose images are then
   * read ahead.
   */
  begin(order: Uint32Array<ArrayBuffer>, pass: { epoch: number; position?: number; follow?: Follow }): void;
  /** Present if only some of the images are on the GPU; await their images before submitting steps. */
  stream?: ImageStream;
  /** How the images are stored on the GPU, and the time spent on uploading them so far. */
  readonly use: ImageUse;
  dispose(): void;
}

type Follow = () => StreamedEpoch | undefined;

/**
 * Uploads a data set once and records how a batch is sampled, warped and decoded.
 *
 * @throws ConfigurationError if its images don't have the model's input shape or exceed what the adapter can bind. Nothing
 * remains on the GPU in that case.
 */
export async function planInput(
  recorder: Recorder,
  dataset: Dataset,
  model: ModelFacts,
  inputView: InputView,
  sampling: Sampling,
  buffers: InputBuffers,
): Promise<DatasetInput> {
  const pipeline = pipelineFor(inputView.augmentation, dataset.imageShape, inputView.statistics);
  if (sampling.blank) checkImageShape(dataset.imageShape, pipeline, model.inputShape);
  else checkImages(dataset, pipeline, model);
  const targets = await targetsFor(dataset, model, sampling);
  const memory = new Memory(recorder.gpu.device);
  try {
    return await planInto(recorder.into(memory), dataset, targets, model, pipeline, inputView, sampling, buffers);
  } catch (error) {
    memory.dispose();
    throw error;
  }
}

/**
 * Loads the code for soft labels and regression targets on demand. @throws ConfigurationError for labels or targets that don't
 * fit the loss.
 */
async function targetsFor(dataset: Dataset, model: ModelFacts, { blank }: Sampling): Promise<Float32Array | undefined> {
  if (areOnlyLabels(model, dataset)) {
    if (!blank) requireLabelsBelow(model.outputs, dataset);
    return undefined;
  }
  const { checkLabels, targetsOf } = await import('./targets.ts');
  if (!blank) checkLabels(model, dataset);
  return targetsOf(model, dataset);
}

/** Number of samples per batch, and what determines their order and augmentation. */
interface Sampling {
  batch: number;
  seed: number;
  /** Also plan how the batch's samples are produced without augmentation. */
  alsoPlain?: boolean;
  /** Sample weights, [count]. */
  weights?: Float32Array;
  /** Upload nothing: the images are generated on the GPU and have no labels. */
  blank?: boolean;
  /** Samples per step. */
  step: number;
  /** GPU memory for the images in bytes; derived from the adapter's limits by default. */
  budget?: number;
}

async function planInto(
  recorder: Recorder,
  dataset: Dataset,
  targets: Float32Array | undefined,
  model: ModelFacts,
  pipeline: Pipeline,
  { plain, probability, views }: InputView,
  { batch, seed, alsoPlain, weights, blank, step, budget }: Sampling,
  buffers: InputBuffers,
): Promise<DatasetInput> {
  const { gpu, memory } = recorder;
  const { imageShape, count } = dataset;
  const paired = pipeline.paired && !plain;
  const placed = blank
    ? { images: memory.storage('dataset.images', Math.ceil((count * product(imageShape)) / 4)) }
    : await placeImages(recorder, dataset, { step, paired, seed, ...(budget !== undefined && { budget }) });
  const { window } = placed;
  const data = {
    images: placed.images,
    labels: memory.upload('dataset.labels', dataset.labels),
    labelBytes: dataset.labels.BYTES_PER_ELEMENT as 1 | 2,
    ...(targets && { targets: memory.upload('dataset.targets', targets) }),
    ...(weights && { weights: memory.upload('dataset.weights', weights) }),
    count,
    ...(window && { window }),
  };
  const batchWeights = weights && memory.storage('batch.weights', batch);
  const own = { ...buffers, ...(batchWeights && { weights: batchWeights }) };
  const source = sourceOf(recorder, data, model.outputs, pipeline, { plain, probability, views }, batch, own);
  const { order, samplesPerEpoch, listed } = source;
  // Loaded on demand.
  const flow = listed && (await import('./keras_input.ts')).kerasFlowOf(pipeline, dataset, batch, seed);
  const { recording, passes } = await planBatch(recorder, pipeline, source);
  const plainBatch =
    alsoPlain && !plain && isAugmenting(pipeline)
      ? await planBatch(recorder, pipeline, plainOf(source, buffers))
      : undefined;
  const orderOf = (epoch: number, shuffle: boolean) => {
    if (!flow)
      return shuffle
        ? shuffledOrder(samplesPerEpoch, seed, epoch)
        : Uint32Array.from({ length: samplesPerEpoch }, (_, i) => i);
    const drawn = flow(epoch, shuffle);
    gpu.device.queue.writeBuffer(listed!.buffer, 0, drawn.records);
    return drawn.order;
  };
  const stream = placed.streamInto?.(order);
  return {
    recording,
    soft: isSoft(model, source),
    ...(plainBatch && { plain: { recording: plainBatch.recording, soft: isSoft(model, plainOf(source, buffers)) } }),
    ...(batchWeights && { weights: batchWeights }),
    images: data.images,
    passes: passes.length,
    samplesPerEpoch,
    order,
    orderOf,
    begin: (order_, { epoch, position = 0, follow }) => {
      // Keras' random numbers are written together with an order, so an order must not be requested ahead of time.
      if (stream) stream.begin({ order: order_, epoch }, position, listed ? undefined : follow);
      else gpu.device.queue.writeBuffer(order.buffer, 0, order_);
    },
    ...(stream && { stream }),
    get use() {
      return { ...(placed.use ?? residentUse(dataset, placed.images)), ...stream?.figures };
    },
    dispose: () => {
      stream?.dispose();
      memory.dispose();
    },
  };
}

/** Images on the GPU: all of them, or a window that a stream fills. */
export interface PlacedImages {
  images: Slice;
  window?: NonNullable<BatchSource['window']>;
  /** Creates the stream, which also writes the order. */
  streamInto?: (order: Slice) => ImageStream;
  use?: ImageUse;
}

/** Uploads images that are in memory and fit one binding, as most data sets do. The code for all others is loaded on demand. */
async function placeImages(
  recorder: Recorder,
  dataset: Dataset,
  demand: { step: number; paired: boolean; seed: number; budget?: number },
): Promise<PlacedImages> {
  const { memory } = recorder;
  const { images, source } = dataset;
  if (!source && images.byteLength <= Math.min(memory.mostBytes, demand.budget ?? Infinity)) {
    return { images: memory.upload('dataset.images', images) };
  }
  const { placeLargeImages } = await import('./place_images.ts');
  return placeLargeImages(recorder, dataset, demand);
}

const residentUse = ({ count, imageShape, source }: Dataset, { size }: Slice): ImageUse => ({
  kind: 'resident',
  from: source?.kind ?? 'memory',
  images: count,
  bytes: count * product(imageShape),
  gpuBytes: size,
  buffers: 1,
});

/** Only classification losses have separate forms for labels and targets. */
export const isSoft = <B>({ loss }: LabelFacts, { targets }: BatchSource<B>): boolean =>
  isCategorical(loss) && targets !== undefined;

/** Whether any op changes training images only. */
const isAugmenting = (pipeline: Pipeline): boolean =>
  !isPlainPipeline(pipeline) && furtherAugmentation().isAugmenting(pipeline);
