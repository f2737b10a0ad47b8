import { type BatchSource, type Drafter, isAugmenting, planBatch } from '../augment/batch.ts';
import { kerasRangesOf } from '../augment/generator_ops.ts';
import type { FeatureStatistics } from '../augment/image_data_generator.ts';
import { kerasEpoch } from '../augment/keras_flow.ts';
import { mostPixels } from '../augment/ops/crop.ts';
import { packParameters } from '../augment/parameters.ts';
import { type AugmentationConfig, type Pipeline, parseAugmentation } from '../augment/pipeline.ts';
import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError } from '../errors.ts';
import { Memory, type Slice } from '../gpu/memory.ts';
import type { Recorder } from '../gpu/recorder.ts';
import type { Dispatch, Recording } from '../gpu/recording.ts';
import { shuffledOrder } from '../model/initializers.ts';
import { isOfClasses } from '../model/loss.ts';
import { checkLabels, type LabelFacts, targetsOf } from './targets.ts';

/** What the pictures of a data set pass through on their way into the network. */
export interface InputBuffers<B = Slice> {
  state: B;
  /** Labels of the batch. */
  labels: B;
  /** Targets of the batch: shares of classes, where images are mixed, or numbers. */
  targets?: B;
  /** Of the batch's samples. */
  weights?: B;
  /** Float images of the batch. */
  input: B;
}

/** What makes a batch, and the loss that its labels are for. */
export interface BatchInput {
  recording: Recording;
  /** A loss of classes is against shares of them: images are mixed, or the data set brings shares. */
  soft: boolean;
  /** The loss to replay in place of the trainer's own: one with weights of the samples. */
  loss?: Dispatch;
}

/** A data set on the GPU, as bytes, and the dispatches that turn a batch of it into the network's input. */
export interface DatasetInput extends BatchInput {
  /** The same samples as they are, where that was asked for and they are augmented at all. */
  plain?: BatchInput;
  /** Of the samples of a batch, where they have weights. */
  weights?: Slice;
  /** The bytes of its images: a kernel fills them for a data set of blank images. */
  images: Slice;
  /** How often the images of a batch are gone over. */
  passes: number;
  /** Samples of an epoch, each view of an image counted. */
  places: number;
  /** Which sample stands where in this epoch; the host writes it once an epoch. */
  order: Slice;
  /** The order of an epoch, from 1; with Keras' own draws it also uploads what is drawn for each sample. */
  orderOf(epoch: number, shuffle: boolean): Uint32Array<ArrayBuffer>;
  dispose(): void;
}

/** Bytes to 0..1, where an augmentation doesn't say otherwise. */
const rescale = 1 / 255;

/** How the images of a data set are seen in an epoch. */
export interface InputView {
  augmentation: AugmentationConfig;
  /** Only decoded: neither augmented nor seen more than once. */
  plain: boolean;
  /** Share of the images that are augmented. */
  probability: number;
  /** How often each image is seen in an epoch: itself, and its augmented copies. */
  views: number;
  /** Of the training images, where the augmentation asks for them. */
  statistics?: FeatureStatistics;
}

/**
 * Uploads a data set once and records how a batch is drawn, warped and decoded from it.
 *
 * @throws ConfigurationError where its images are not the model's, or larger than the adapter can bind; nothing of it
 *   stays on the GPU then.
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
  else checkDataset(dataset, pipeline, model);
  const memory = new Memory(recorder.gpu.device);
  try {
    return await planInto(recorder.into(memory), dataset, model, pipeline, inputView, sampling, buffers);
  } catch (error) {
    memory.dispose();
    throw error;
  }
}

/** What of a model decides whether a data set fits it. */
export interface ModelFacts extends LabelFacts {
  inputShape: readonly number[];
}

/** How many samples a batch has, and what their order and augmentation are drawn from. */
interface Sampling {
  batch: number;
  seed: number;
  /** Also record how the batch's samples come as they are. */
  alsoPlain?: boolean;
  /** Of the samples, [count]. */
  weights?: Float32Array;
  /** Nothing is uploaded: the images are written on the GPU, and have no labels. */
  blank?: boolean;
}

async function planInto(
  recorder: Recorder,
  dataset: Dataset,
  model: ModelFacts,
  pipeline: Pipeline,
  { plain, probability, views }: InputView,
  { batch, seed, alsoPlain, weights, blank }: Sampling,
  buffers: InputBuffers,
): Promise<DatasetInput> {
  const { gpu, memory } = recorder;
  const targets = targetsOf(model, dataset);
  const data = {
    images: blank
      ? memory.storage('dataset.images', Math.ceil((dataset.count * bytesOf(dataset.imageShape)) / 4))
      : memory.upload('dataset.images', dataset.images),
    labels: memory.upload('dataset.labels', dataset.labels),
    labelBytes: dataset.labels.BYTES_PER_ELEMENT as 1 | 2,
    ...(targets && { targets: memory.upload('dataset.targets', targets) }),
    ...(weights && { weights: memory.upload('dataset.weights', weights) }),
    count: dataset.count,
  };
  const batchWeights = weights && memory.storage('batch.weights', batch);
  const own = { ...buffers, ...(batchWeights && { weights: batchWeights }) };
  const source = sourceOf(recorder, data, model.outputs, pipeline, { plain, probability, views }, batch, own);
  const { order, places, listed } = source;
  const flow = listed && kerasFlowOf(pipeline, dataset, batch, seed);
  const { recording, passes } = await planBatch(recorder, pipeline, source);
  const plainBatch =
    alsoPlain && !plain && isAugmenting(pipeline)
      ? await planBatch(recorder, pipeline, plainOf(source, buffers))
      : undefined;
  const orderOf = (epoch: number, shuffle: boolean) => {
    if (!flow) return shuffle ? shuffledOrder(places, seed, epoch) : Uint32Array.from({ length: places }, (_, i) => i);
    const drawn = flow(epoch, shuffle);
    gpu.device.queue.writeBuffer(listed!.buffer, 0, packParameters(pipeline, drawn.parameters));
    return Uint32Array.from(drawn.order);
  };
  return {
    recording,
    soft: isSoft(model, source),
    ...(plainBatch && { plain: { recording: plainBatch.recording, soft: isSoft(model, plainOf(source, buffers)) } }),
    ...(batchWeights && { weights: batchWeights }),
    images: data.images,
    passes: passes.length,
    places,
    order,
    orderOf,
    dispose: () => memory.dispose(),
  };
}

/** Only a loss of classes has a form for targets beside the one for labels. */
export const isSoft = <B>({ loss }: LabelFacts, { targets }: BatchSource<B>): boolean =>
  isOfClasses(loss) && targets !== undefined;

/** A data set in buffers: its images and labels as bytes. */
export interface DatasetBuffers<B> {
  images: B;
  labels: B;
  /** Of a label; 1 by default. */
  labelBytes?: 1 | 2;
  /** What the loss compares with in place of labels, [count, outputs]. */
  targets?: B;
  /** Of the samples. */
  weights?: B;
  count: number;
}

/** How the batches of a data set are made, with the buffers that this takes; the same on a GPU and in a plan. */
export function sourceOf<B>(
  { memory }: Pick<Drafter<B, unknown>, 'memory'>,
  { images, labels, labelBytes, targets: all, weights, count }: DatasetBuffers<B>,
  outputs: number,
  pipeline: Pipeline,
  { plain, probability, views }: Pick<InputView, 'plain' | 'probability' | 'views'>,
  batch: number,
  { state, labels: batchLabels, targets, weights: batchWeights, input }: InputBuffers<B>,
): BatchSource<B> {
  const mixed = pipeline.paired && !plain;
  const places = count * (plain ? 1 : views);
  return {
    batch,
    state,
    order: memory.storage('dataset.order', places),
    places,
    count,
    pixels: { images, bytes: true, output: input },
    labels: {
      all: labels,
      batch: mixed ? memory.storage('labels.pairs', 2 * batch) : batchLabels,
      ...(labelBytes && { bytes: labelBytes }),
    },
    ...((mixed || all !== undefined) && {
      targets: { slice: targets!, classes: outputs, ...(all !== undefined && { all }) },
    }),
    ...(weights !== undefined && { weights: { all: weights, batch: batchWeights! } }),
    ...(!plain && drawsAsKeras(pipeline) && { listed: memory.storage('dataset.draws', places * pipeline.words) }),
    plain,
    probability,
  };
}

/** The same samples as they are. */
function plainOf({ labels, targets, listed: _, ...source }: BatchSource, buffers: InputBuffers): BatchSource {
  return {
    ...source,
    labels: { ...labels!, batch: buffers.labels },
    // Shares that mixing makes are none of a plain image; numbers that the data set brings are.
    ...(targets?.all && { targets }),
    plain: true,
    probability: 1,
  };
}

const drawsAsKeras = ({ generator }: Pipeline): boolean => generator !== undefined && generator.compat !== 'corrected';

/**
 * Keras' own draws, where they are asked for: of `model.fit` with TensorFlow under it, which looks at two batches before
 * it begins, and with shuffle=False, because it is the flow that shuffles.
 */
function kerasFlowOf({ generator }: Pipeline, dataset: Dataset, batchSize: number, seed: number) {
  if (!generator) return undefined;
  const { imageShape, count: samples } = dataset;
  const options = { ranges: kerasRangesOf(generator), imageShape, samples, batchSize, seed };
  return (epoch: number, shuffle: boolean) => kerasEpoch({ ...options, shuffle }, { by: 'fit', looked: 2 }, epoch - 1);
}

/** An augmentation as the trainer takes it, for images of a shape: bytes become numbers from 0 to 1. */
export function pipelineFor(
  augmentation: unknown,
  imageShape: readonly number[],
  statistics?: FeatureStatistics,
): Pipeline {
  return parseAugmentation(augmentation ?? {}, imageShape, { rescale, statistics });
}

/**
 * An augmentation that is to give what a model takes, where the data set isn't known yet. Without a crop that is what it
 * gets; before one, images may be as large as they like.
 */
export function pipelineInto(augmentation: unknown, inputShape: readonly number[]): Pipeline {
  if (Array.isArray(augmentation)) {
    const pipeline = pipelineFor(augmentation, [mostPixels, mostPixels, inputShape[2]!]);
    const { from, to } = pipeline;
    if (from.height !== to.height || from.width !== to.width) return pipeline;
  }
  return pipelineFor(augmentation, inputShape);
}

const bytesOf = (imageShape: readonly number[]): number => imageShape.reduce((a, b) => a * b, 1);

/** @throws ConfigurationError for images of another shape than the model takes, labels that do not fit its loss. */
export function checkDataset(dataset: Dataset, pipeline: Pipeline, model: ModelFacts): void {
  const { imageShape, images, labels, count } = dataset;
  checkImageShape(imageShape, pipeline, model.inputShape);
  const bytes = bytesOf(imageShape);
  if (count < 1 || images.length !== count * bytes || labels.length !== count) {
    throw new ConfigurationError({
      what: "The data set's parts don't fit each other",
      found: `count ${count}, ${images.length} bytes of images, ${labels.length} labels`,
      expected: `${count * bytes} bytes of images and ${count} labels, of at least one image`,
      fix: 'make it with createDataset',
    });
  }
  checkLabels(model, dataset);
}

/** @throws ConfigurationError where an augmentation makes images of another shape than the model takes. */
export function checkImageShape(
  imageShape: readonly number[],
  pipeline: Pipeline,
  inputShape: readonly number[],
): void {
  const { height, width, channels } = pipeline.to;
  const given = [height, width, channels];
  if (given.join() !== inputShape.join()) {
    throw new ConfigurationError({
      what: "The data set's images are not what the model takes",
      found: given.join() === imageShape.join() ? imageShape : `${imageShape}, which the augmentation makes ${given}`,
      expected: `[${inputShape.join(', ')}]`,
      fix: 'change the inputShape of the model or take another data set',
    });
  }
}
