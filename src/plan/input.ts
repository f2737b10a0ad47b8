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
import type { Recording } from '../gpu/recording.ts';
import { shuffledOrder } from '../model/initializers.ts';

/** What the pictures of a data set pass through on their way into the network. */
export interface InputBuffers<B = Slice> {
  state: B;
  /** Labels of the batch. */
  labels: B;
  /** Shares of classes of the batch, where images are mixed. */
  targets?: B;
  /** Float images of the batch. */
  input: B;
}

/** A data set on the GPU, as bytes, and the dispatches that turn a batch of it into the network's input. */
export interface DatasetInput {
  recording: Recording;
  /** The same samples as they are, where that was asked for and they are augmented at all. */
  plain?: Recording;
  /** Images are mixed: the loss is against `targets`. */
  mixed: boolean;
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
  model: { inputShape: readonly number[]; classes: number },
  inputView: InputView,
  sampling: Sampling,
  buffers: InputBuffers,
): Promise<DatasetInput> {
  const pipeline = pipelineFor(inputView.augmentation, dataset.imageShape, inputView.statistics);
  checkDataset(dataset, pipeline, model);
  const memory = new Memory(recorder.gpu.device);
  try {
    return await planInto(recorder.into(memory), dataset, model.classes, pipeline, inputView, sampling, buffers);
  } catch (error) {
    memory.dispose();
    throw error;
  }
}

/** How many samples a batch has, and what their order and augmentation are drawn from. */
interface Sampling {
  batch: number;
  seed: number;
  /** Also record how the batch's samples come as they are. */
  alsoPlain?: boolean;
}

async function planInto(
  recorder: Recorder,
  dataset: Dataset,
  classes: number,
  pipeline: Pipeline,
  { plain, probability, views }: InputView,
  { batch, seed, alsoPlain }: Sampling,
  buffers: InputBuffers,
): Promise<DatasetInput> {
  const { gpu, memory } = recorder;
  const data = {
    images: memory.upload('dataset.images', dataset.images),
    labels: memory.upload('dataset.labels', dataset.labels),
    count: dataset.count,
  };
  const source = sourceOf(recorder, data, classes, pipeline, { plain, probability, views }, batch, buffers);
  const { order, places, listed } = source;
  const mixed = source.targets !== undefined;
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
    ...(plainBatch && { plain: plainBatch.recording }),
    mixed,
    passes: passes.length,
    places,
    order,
    orderOf,
    dispose: () => memory.dispose(),
  };
}

/** A data set in buffers: its images and labels as bytes. */
export interface DatasetBuffers<B> {
  images: B;
  labels: B;
  count: number;
}

/** How the batches of a data set are made, with the buffers that this takes; the same on a GPU and in a plan. */
export function sourceOf<B>(
  { memory }: Pick<Drafter<B, unknown>, 'memory'>,
  { images, labels, count }: DatasetBuffers<B>,
  classes: number,
  pipeline: Pipeline,
  { plain, probability, views }: Pick<InputView, 'plain' | 'probability' | 'views'>,
  batch: number,
  { state, labels: batchLabels, targets, input }: InputBuffers<B>,
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
    labels: { all: labels, batch: mixed ? memory.storage('labels.pairs', 2 * batch) : batchLabels },
    ...(mixed && { targets: { slice: targets!, classes } }),
    ...(!plain && drawsAsKeras(pipeline) && { listed: memory.storage('dataset.draws', places * pipeline.words) }),
    plain,
    probability,
  };
}

/** The same samples as they are. */
function plainOf({ labels, targets: _, listed: __, ...source }: BatchSource, buffers: InputBuffers): BatchSource {
  return { ...source, labels: { all: labels!.all, batch: buffers.labels }, plain: true, probability: 1 };
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

/** @throws ConfigurationError for images of another shape than the model takes, labels that it has no class for. */
export function checkDataset(
  dataset: Dataset,
  pipeline: Pipeline,
  model: { inputShape: readonly number[]; classes: number },
): void {
  const { imageShape, images, labels, count } = dataset;
  checkImageShape(imageShape, pipeline, model.inputShape);
  const bytes = imageShape.reduce((a, b) => a * b, 1);
  if (count < 1 || images.length !== count * bytes || labels.length !== count) {
    throw new ConfigurationError({
      what: "The data set's parts don't fit each other",
      found: `count ${count}, ${images.length} bytes of images, ${labels.length} labels`,
      expected: `${count * bytes} bytes of images and ${count} labels, of at least one image`,
      fix: 'make it with createDataset',
    });
  }
  const most = labels.reduce((a, b) => Math.max(a, b), 0);
  if (most >= model.classes) {
    throw new ConfigurationError({
      what: 'A label is outside the classes of the model',
      found: `label ${most} at image ${labels.indexOf(most)}`,
      expected: `0 to ${model.classes - 1}`,
      fix: "give the last dense layer a unit for each of the data set's classes",
    });
  }
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
