import * as v from 'valibot';
import { integer, parse } from '../check.ts';
import { concatenated } from '../concatenated.ts';
import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError } from '../errors.ts';
import { float16 } from '../float16.ts';
import type { Slice } from '../gpu/memory.ts';
import { readSlices } from '../gpu/readback.ts';
import type { Recording } from '../gpu/recording.ts';
import { submit } from '../gpu/submission.ts';
import { type FilledLoss, metricOf } from '../model/loss.ts';
import { product } from '../product.ts';
import { type ClassProbability, topClasses } from './class_probabilities.ts';
import type { Engine } from './engine.ts';
import { countImages, imageElements } from './float_images.ts';
import { isPicture, kindOf, type Picture, type PicturePreparation, requirePictures } from './picture.ts';
import type { PictureInput } from './picture_input.ts';
import type { Query } from './queries.ts';
import { requireDataset } from './require_dataset.ts';
import {
  type FilledTestTimeAugmentation,
  fillTestTimeAugmentation,
  type TestTimeAugmentation,
} from './test_time_augmentation.ts';
import { evaluatedWeights, type WeightsOption, type WhichWeights } from './which_weights.ts';

/**
 * Several images: floats [n, height, width, channels] that are already scaled, a list of such arrays, a data set, or a list of
 * pictures.
 */
export type ImageList = Float32Array | Dataset | readonly Picture[] | readonly Float32Array[];

/**
 * Images for the network. Pictures are resized and scaled as in training, and so are the bytes of a data set; floats are used
 * unchanged.
 */
export type Images = ImageList | Picture;

/** Images after decoding and resizing. */
export type PreparedImages = Float32Array | Dataset | PreparedPictures;

/** Pictures at the size of the training images. */
interface PreparedPictures {
  bitmaps: readonly ImageBitmap[];
  preparation: PicturePreparation;
}

/**
 * Decodes and resizes images. This happens before the query waits for the network.
 *
 * @throws ConfigurationError, and DataError for a picture that can't be decoded.
 */
export async function prepareImages(images: Images, preparation: PicturePreparation): Promise<PreparedImages> {
  if (isFloats(images) || isDataset(images)) return images;
  const list: readonly unknown[] | Images = isPicture(images) ? [images] : images;
  if (!Array.isArray(list)) {
    throw new ConfigurationError({
      what: 'The input is not an image',
      found: typeof list === 'string' ? list : kindOf(list),
      expected: 'a picture, a Float32Array, a list of either, or a data set',
      ...(typeof list === 'string' && { fix: 'for a URL, pass await (await fetch(url)).blob()' }),
    });
  }
  if (list.length > 0 && list.every(isFloats)) return concatenated(Float32Array, list);
  requirePictures(list);
  const { preparePictures } = await import('./picture_input.ts');
  return { preparation, bitmaps: await preparePictures(list, preparation) };
}

const isFloats = (images: unknown): images is Float32Array => images instanceof Float32Array;

/** The output of a layer for some images. */
export interface LayerOutput {
  /** Name of the layer. A convolution that is fused with the pool after it is listed as that pool. */
  layer: string;
  /** Shape for one image: [height, width, channels] or [units]. */
  shape: number[];
  /** [n, ...shape], after the layer's activation. */
  values: Float32Array;
}

/** Options of `Trainer.predict`. */
export interface PredictOptions {
  /** Averages the outputs over this many augmented samples of each image of a data set; unaugmented by default. */
  testTimeAugmentation?: TestTimeAugmentation;
  /** Return the names and probabilities of this many most probable classes instead of all outputs; a positive integer. */
  top?: number;
}

const predictOptions = v.strictObject({
  testTimeAugmentation: v.optional(v.custom<TestTimeAugmentation>(() => true)),
  top: v.optional(integer(1)),
});

interface FilledPredictOptions {
  testTimeAugmentation?: FilledTestTimeAugmentation;
  top?: number;
}

/** @throws ConfigurationError */
function fillPredictOptions(options: PredictOptions): FilledPredictOptions {
  const { testTimeAugmentation, top } = parse(predictOptions, options, 'predict');
  return {
    ...(testTimeAugmentation !== undefined && {
      testTimeAugmentation: fillTestTimeAugmentation(testTimeAugmentation),
    }),
    ...(top !== undefined && { top }),
  };
}

/** Implements `Trainer.predict`. */
export const predictQuery: Query<
  [Images, (PredictOptions & WeightsOption)?],
  Float32Array | ClassProbability[] | ClassProbability[][]
> = async ({ settings, pictures, classNames }, images, { weights, ...options } = {}) => {
  const which = evaluatedWeights(settings, { weights });
  const filled = fillPredictOptions(options);
  const { top } = filled;
  if (top !== undefined) requireClassesForTop(settings.loss);
  const prepared = await prepareImages(images, pictures);
  return async (engine) => {
    const probabilities = await predict(engine, prepared, which, filled);
    if (top === undefined) return probabilities;
    const classes = topClasses(probabilities, settings.outputs, classNames(), top);
    return isPicture(images) ? classes[0]! : classes;
  };
};

/** @throws ConfigurationError for a regression loss. */
function requireClassesForTop(loss: FilledLoss): void {
  if (metricOf(loss) === 'accuracy') return;
  throw new ConfigurationError({
    what: `top needs classes, which ${loss.type} does not have`,
    found: { loss: loss.type },
    fix: 'leave top out, and predict returns the outputs as numbers',
  });
}

/** The model's outputs [n, outputs]. */
async function predict(
  engine: Engine,
  images: PreparedImages,
  weights: WhichWeights,
  { testTimeAugmentation }: FilledPredictOptions,
): Promise<Float32Array> {
  if (testTimeAugmentation) {
    if (!isDataset(images)) {
      throw new ConfigurationError({
        what: 'testTimeAugmentation requires a data set, whose bytes it augments',
        found: isFloats(images) ? 'images as floats, which are scaled already' : 'pictures',
        expected: 'a data set',
        fix: 'create one with createDataset, or leave testTimeAugmentation out',
      });
    }
    requireDataset(images);
    const { augmentedPredictions } = await import('./augmented_predictions.ts'); // loaded on demand
    const mean = await engine.withWeights(weights, () => augmentedPredictions(engine, images, testTimeAugmentation));
    return mean.predictions;
  }
  const [probabilities] = await read(engine, images, weights, [
    { slice: engine.steps.probabilities, elements: engine.settings.outputs },
  ]);
  return probabilities!;
}

/** Implements `Trainer.activations`: the output of every layer. */
export const activationsQuery: Query<[Images, WeightsOption?], LayerOutput[]> = async (
  { settings, pictures },
  images,
  options,
) => {
  const weights = evaluatedWeights(settings, options);
  const prepared = await prepareImages(images, pictures);
  return (engine) => activations(engine, prepared, weights);
};

async function activations(engine: Engine, images: PreparedImages, weights: WhichWeights): Promise<LayerOutput[]> {
  const { network, probabilities } = engine.steps;
  const outputs = network.inference.values.map(({ layer, shape, ref }) => ({ layer, shape, slice: ref }));
  outputs.at(-1)!.slice = probabilities; // softmax is computed with the loss, so the layer's own buffer holds logits
  const values = await read(
    engine,
    images,
    weights,
    outputs.map(({ slice, shape }) => ({ slice, elements: product(shape) })),
  );
  return outputs.map(({ layer, shape }, i) => ({ layer, shape: [...shape], values: values[i]! }));
}

/** A result of a batch in the network's buffers, with its number of elements per image. */
interface Wanted {
  slice: Slice;
  elements: number;
}

const isDataset = (images: Images | PreparedImages): images is Dataset =>
  typeof images === 'object' && images !== null && 'imageShape' in images;

const arePictures = (images: PreparedImages): images is PreparedPictures =>
  typeof images === 'object' && images !== null && 'bitmaps' in images;

/** Runs images through the network and reads the results of all batches at the end. */
async function read(
  engine: Engine,
  images: PreparedImages,
  weights: WhichWeights,
  expected: readonly Wanted[],
): Promise<Float32Array[]> {
  const { gpu, memory, steps, settings, disposal } = engine;
  const { network, evaluation } = steps;
  const { model, batchSize } = settings;
  if (isDataset(images)) requireDataset(images);
  // Anything else is probably meant as images: countImages throws an error that explains their format.
  const count = isDataset(images)
    ? images.count
    : arePictures(images)
      ? images.bitmaps.length
      : countImages(model, images);
  if (count === 0) return expected.map(() => new Float32Array());
  const pictures = arePictures(images) ? await pictureInput(engine, images) : undefined;
  const input =
    pictures?.input ?? (isDataset(images) ? await engine.input(images, engine.plain, evaluation) : undefined);
  const stream = input?.stream;
  const out: Slice[] = [];
  try {
    for (const one of expected) {
      out.push(
        memory.storage(`${one.slice.label}.read`, (Math.ceil(count / batchSize) * batchBytes(one, batchSize)) / 4),
      );
    }
    const recording = [
      evaluation.begin,
      ...(input?.recording ?? []),
      ...network.inference.forward,
      evaluation.inferenceLoss,
    ];
    if (input && !pictures) {
      engine.beginEpoch(evaluation, input, indices(count));
    }
    await engine.withWeights(weights, async () => {
      for (let first = 0; first < count; first += batchSize) {
        const n = Math.min(batchSize, count - first);
        if (arePictures(images)) {
          pictures!.write(images.bitmaps.slice(first, first + n));
          engine.beginEpoch(evaluation, input!, indices(n));
        } else if (isFloats(images)) {
          const elements = imageElements(model);
          engine.write(network.input, images.subarray(first * elements, (first + n) * elements));
          engine.writeState(evaluation, { seed: settings.seed, epoch: 0, position: 0, samples: n });
        } else await stream?.ready(disposal, gpu.failure);
        submitBatch(engine, recording, expected, out, first, n);
        if (stream) {
          stream.submitted(n);
          await gpu.device.queue.onSubmittedWorkDone();
          stream.done(n);
        }
        // If the GPU is several batches behind, wait for it, so that other work, such as rendering, can run.
        if ((first / batchSize) % batchesAhead === batchesAhead - 1) {
          await gpu.device.queue.onSubmittedWorkDone();
          disposal.throwIfAborted();
        }
      }
    });
    const bytes = await readSlices(gpu, memory, out);
    return bytes.map((values, i) =>
      expected[i]!.slice.half
        ? numbersOfHalves(values, expected[i]!, count, batchSize)
        : new Float32Array(values, 0, count * expected[i]!.elements),
    );
  } finally {
    for (const { buffer } of out) memory.free(buffer);
    if (arePictures(images)) for (const bitmap of images.bitmaps) bitmap.close();
    (pictures ?? input)?.dispose();
  }
}

/**
 * Writes one image to the network's input.
 *
 * @param to [height, width, channels]
 * @throws ConfigurationError for anything but one image.
 */
export async function writeImage(engine: Engine, images: PreparedImages, to: Slice): Promise<void> {
  const { steps, settings } = engine;
  const { network, evaluation } = steps;
  if (isDataset(images)) requireDataset(images);
  const count = isDataset(images)
    ? images.count
    : arePictures(images)
      ? images.bitmaps.length
      : countImages(settings.model, images);
  if (count !== 1) {
    throw new ConfigurationError({
      what: 'sampleStep and saliency take one image',
      found: `${count} images`,
      expected: '1',
      fix: 'pass a single image, or a data set of one',
    });
  }
  if (isFloats(images)) {
    engine.write(to, images);
    return;
  }
  const pictures = arePictures(images) ? await pictureInput(engine, images) : undefined;
  const input = pictures?.input ?? (await engine.input(images as Dataset, engine.plain, evaluation));
  try {
    pictures?.write((images as PreparedPictures).bitmaps);
    engine.beginEpoch(evaluation, input, indices(1));
    engine.run([evaluation.begin, ...input.recording]);
    engine.evaluationBegan();
    engine.copy([{ ...network.input, size: 4 * imageElements(settings.model) }], [to]);
    await engine.gpu.device.queue.onSubmittedWorkDone(); // its buffers are freed
  } finally {
    if (arePictures(images)) for (const bitmap of images.bitmaps) bitmap.close();
    (pictures ?? input).dispose();
  }
}

const indices = (count: number) => Uint32Array.from({ length: count }, (_, i) => i);

/** Its code is loaded on demand. */
async function pictureInput(engine: Engine, { bitmaps, preparation }: PreparedPictures): Promise<PictureInput> {
  const { PictureInput } = await import('./picture_input.ts');
  return PictureInput.start(engine, preparation, Math.min(engine.settings.batchSize, bitmaps.length));
}

const batchesAhead = 4;

/** Bytes that a batch's result takes among those of all batches: whole words, which two halves share. */
const batchBytes = ({ slice, elements }: Wanted, images: number): number =>
  slice.half ? 4 * Math.ceil((images * elements) / 2) : 4 * images * elements;

/** The results of all batches as float32. */
function numbersOfHalves(bytes: ArrayBuffer, wanted: Wanted, count: number, batchSize: number): Float32Array {
  const numbers = new Float32Array(count * wanted.elements);
  const stride = batchBytes(wanted, batchSize);
  for (let first = 0; first < count; first += batchSize) {
    const n = Math.min(batchSize, count - first) * wanted.elements;
    const at = (first / batchSize) * stride;
    numbers.set(Float32Array.from(new Uint16Array(bytes, at, n), float16), first * wanted.elements);
  }
  return numbers;
}

/** Encodes one batch and copies its results to their position among those of all batches. */
function submitBatch(
  engine: Engine,
  recording: Recording,
  expected: readonly Wanted[],
  out: readonly Slice[],
  first: number,
  n: number,
): void {
  const { settings } = engine;
  submit(engine.gpu.device, 'predict', (work) => {
    work.compute(recording);
    for (const [i, one] of expected.entries()) {
      const offset = (first / settings.batchSize) * batchBytes(one, settings.batchSize);
      work.copy(one.slice, { buffer: out[i]!.buffer, offset }, batchBytes(one, n));
    }
  });
  engine.evaluationBegan();
}
