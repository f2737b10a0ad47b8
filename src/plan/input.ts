import { type BatchSource, type Drafter, planBatch } from '../augment/batch.ts';
import type { FeatureStatistics } from '../augment/image_data_generator.ts';
import { furtherAugmentation } from '../augment/loaded.ts';
import { mostPixels } from '../augment/op.ts';
import type { AugmentationConfig, Pipeline } from '../augment/pipeline.ts';
import { isPlainPipeline, parseLoaded } from '../augment/plain.ts';
import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError } from '../errors.ts';
import { Memory, type Slice } from '../gpu/memory.ts';
import type { Recorder } from '../gpu/recorder.ts';
import type { Dispatch, Recording } from '../gpu/recording.ts';
import type { ImageUse } from '../image_source.ts';
import { shuffledOrder } from '../model/initializers.ts';
import { isOfClasses } from '../model/loss.ts';
import { product } from '../product.ts';
import type { ImageStream, StreamedEpoch } from './image_stream.ts';
import { areOnlyLabels, type LabelFacts, requireLabelsBelow } from './labels.ts';

/** The buffers through which a data set reaches the network. */
export interface InputBuffers<B = Slice> {
  state: B;
  /** Labels of the batch. */
  labels: B;
  /** Targets of the batch: class probabilities if images are mixed, or regression targets. */
  targets?: B;
  /** Sample weights of the batch. */
  weights?: B;
  /** Images of the batch as floats. */
  input: B;
}

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
  places: number;
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

/** Default of `rescale`, which maps bytes to 0..1. */
const rescale = 1 / 255;

/** How the images of a data set are used in an epoch. */
export interface InputView {
  augmentation: AugmentationConfig;
  /** True if images are only decoded: neither augmented nor used more than once. */
  plain: boolean;
  /** Fraction of the images that is augmented. */
  probability: number;
  /** How often each image occurs in an epoch: once, plus its augmented copies. */
  views: number;
  /** Statistics of the training images, if the augmentation needs them. */
  statistics?: FeatureStatistics;
}

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

/** The facts about a model that determine whether a data set fits it. */
export interface ModelFacts extends LabelFacts {
  inputShape: readonly number[];
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
  const lying = blank
    ? { images: memory.storage('dataset.images', Math.ceil((count * product(imageShape)) / 4)) }
    : await placeImages(recorder, dataset, { step, paired, seed, ...(budget !== undefined && { budget }) });
  const { window } = lying;
  const data = {
    images: lying.images,
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
  const { order, places, listed } = source;
  // Loaded on demand.
  const flow = listed && (await import('./keras_input.ts')).kerasFlowOf(pipeline, dataset, batch, seed);
  const { recording, passes } = await planBatch(recorder, pipeline, source);
  const plainBatch =
    alsoPlain && !plain && isAugmenting(pipeline)
      ? await planBatch(recorder, pipeline, plainOf(source, buffers))
      : undefined;
  const orderOf = (epoch: number, shuffle: boolean) => {
    if (!flow) return shuffle ? shuffledOrder(places, seed, epoch) : Uint32Array.from({ length: places }, (_, i) => i);
    const drawn = flow(epoch, shuffle);
    gpu.device.queue.writeBuffer(listed!.buffer, 0, drawn.records);
    return drawn.order;
  };
  const stream = lying.streamInto?.(order);
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
    begin: (order_, { epoch, position = 0, follow }) => {
      // Keras' random numbers are written together with an order, so an order must not be requested ahead of time.
      if (stream) stream.begin({ order: order_, epoch }, position, listed ? undefined : follow);
      else gpu.device.queue.writeBuffer(order.buffer, 0, order_);
    },
    ...(stream && { stream }),
    get use() {
      return { ...(lying.use ?? residentUse(dataset, lying.images)), ...stream?.figures };
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
  isOfClasses(loss) && targets !== undefined;

/** A data set in buffers: images and labels as bytes. */
export interface DatasetBuffers<B> {
  images: B;
  labels: B;
  /** Bytes per label; 1 by default. */
  labelBytes?: 1 | 2;
  /** Targets that replace the labels, [count, outputs]. */
  targets?: B;
  /** Sample weights. */
  weights?: B;
  count: number;
  /** `images` is a window rather than the whole set. */
  window?: NonNullable<BatchSource<B>['window']>;
}

/** Plans how the batches of a data set are produced, with the necessary buffers. Used both on a GPU and for plans without one. */
export function sourceOf<B>(
  { memory }: Pick<Drafter<B, unknown>, 'memory'>,
  { images, labels, labelBytes, targets: all, weights, count, window }: DatasetBuffers<B>,
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
    order: memory.storage('dataset.order', window ? 2 * places : places),
    ...(window && { window }),
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

/** The source of the same samples without augmentation. */
function plainOf({ labels, targets, listed: _, ...source }: BatchSource, buffers: InputBuffers): BatchSource {
  return {
    ...source,
    labels: { ...labels!, batch: buffers.labels },
    // An unaugmented image has no soft label from mixing, but keeps the data set's targets.
    ...(targets?.all && { targets }),
    plain: true,
    probability: 1,
  };
}

/** Whether any op changes training images only. */
const isAugmenting = (pipeline: Pipeline): boolean =>
  !isPlainPipeline(pipeline) && furtherAugmentation().isAugmenting(pipeline);

const drawsAsKeras = ({ generator }: Pipeline): boolean => generator !== undefined && generator.compat !== 'corrected';

/**
 * The trainer's augmentation for images of a shape; it maps bytes to numbers from 0 to 1.
 *
 * @param parse parses the configuration; by default the parser that has been loaded.
 */
export function pipelineFor(
  augmentation: unknown,
  imageShape: readonly number[],
  statistics?: FeatureStatistics,
  parse = parseLoaded,
): Pipeline {
  return parse(augmentation ?? {}, imageShape, { rescale, ...(statistics && { statistics }) });
}

/**
 * An augmentation whose output must have the model's input shape, for when the data set is not known yet. Without a crop, its
 * input has that shape too; with a crop, images may have any size.
 *
 * @param parse parses the configuration; by default the parser that has been loaded.
 */
export function pipelineInto(augmentation: unknown, inputShape: readonly number[], parse = parseLoaded): Pipeline {
  if (Array.isArray(augmentation)) {
    const pipeline = pipelineFor(augmentation, [mostPixels, mostPixels, inputShape[2]!], undefined, parse);
    const { from, to } = pipeline;
    if (from.height !== to.height || from.width !== to.width) return pipeline;
  }
  return pipelineFor(augmentation, inputShape, undefined, parse);
}

/**
 * @throws ConfigurationError if the images don't have the model's input shape, or there are more images than labels or the
 * reverse.
 */
export function checkImages(
  { imageShape, images, labels, count, source }: Dataset,
  pipeline: Pipeline,
  { inputShape }: Pick<ModelFacts, 'inputShape'>,
): void {
  checkImageShape(imageShape, pipeline, inputShape);
  const bytes = product(imageShape);
  if (count >= 1 && images.length === (source ? 0 : count * bytes) && labels.length === count) return;
  throw new ConfigurationError({
    what: "The data set's parts don't fit each other",
    found: `count ${count}, ${images.length} bytes of images, ${labels.length} labels`,
    expected: `${count * bytes} bytes of images and ${count} labels, of at least one image`,
    fix: 'create it with createDataset',
  });
}

/** @throws ConfigurationError if the augmentation's output doesn't have the model's input shape. */
export function checkImageShape(
  imageShape: readonly number[],
  pipeline: Pipeline,
  inputShape: readonly number[],
): void {
  const { height, width, channels } = pipeline.to;
  const given = [height, width, channels];
  if (given.join() !== inputShape.join()) {
    throw new ConfigurationError({
      what: "The data set's images don't have the model's input shape",
      found:
        given.join() === imageShape.join() ? imageShape : `${imageShape}, which the augmentation turns into ${given}`,
      expected: `[${inputShape.join(', ')}]`,
      fix: 'change the inputShape of the model or use another data set',
    });
  }
}
