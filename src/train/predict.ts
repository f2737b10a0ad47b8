import * as v from 'valibot';
import { parse } from '../check.ts';
import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError } from '../errors.ts';
import type { Slice } from '../gpu/memory.ts';
import { readSlices } from '../gpu/readback.ts';
import type { Recording } from '../gpu/recording.ts';
import { submit } from '../gpu/submission.ts';
import { countImages, imageElements } from './batch.ts';
import type { Engine, WhichWeights } from './engine.ts';
import { requireDataset } from './require_dataset.ts';
import {
  augmentedProbabilities,
  type FilledTestTimeAugmentation,
  fillTestTimeAugmentation,
  type TestTimeAugmentation,
} from './test_time_augmentation.ts';

/** Float images [n, height, width, channels], already scaled; or a data set, preprocessed as `evaluate` does. */
export type Images = Float32Array | Dataset;

/** The output of a layer for some images. */
export interface LayerOutput {
  /** The layer's name. A convolution that is computed together with the next pool is listed as that pool. */
  layer: string;
  /** Shape for one image: [height, width, channels] or [units]. */
  shape: number[];
  /** [n, ...shape], after the layer's activation. */
  values: Float32Array;
}

export interface PredictOptions {
  /** Averages the probabilities over this many augmented samples of each image of a data set; unaugmented by default. */
  testTimeAugmentation?: TestTimeAugmentation;
}

const predictOptions = v.strictObject({ testTimeAugmentation: v.optional(v.custom<TestTimeAugmentation>(() => true)) });

interface FilledPredictOptions {
  testTimeAugmentation?: FilledTestTimeAugmentation;
}

/** @throws ConfigurationError */
export function fillPredictOptions(options: PredictOptions): FilledPredictOptions {
  const { testTimeAugmentation } = parse(predictOptions, options, 'predict');
  return testTimeAugmentation === undefined
    ? {}
    : { testTimeAugmentation: fillTestTimeAugmentation(testTimeAugmentation) };
}

/** The model's outputs [n, outputs], probabilities of classes: `Trainer.predict`. */
export async function predict(
  engine: Engine,
  images: Images,
  weights: WhichWeights,
  { testTimeAugmentation }: FilledPredictOptions,
): Promise<Float32Array> {
  if (testTimeAugmentation) {
    if (!isDataset(images)) {
      throw new ConfigurationError({
        what: 'testTimeAugmentation augments the bytes of a data set',
        found: 'images as floats, which are scaled already',
        expected: 'a data set',
        fix: 'make one with createDataset, or leave testTimeAugmentation out',
      });
    }
    requireDataset(images);
    const mean = await engine.withWeights(weights, () => augmentedProbabilities(engine, images, testTimeAugmentation));
    return mean.probabilities;
  }
  const [probabilities] = await read(engine, images, weights, [
    { slice: engine.steps.probabilities, elements: engine.settings.outputs },
  ]);
  return probabilities!;
}

/** The output of every layer: `Trainer.activations`. */
export async function activations(engine: Engine, images: Images, weights: WhichWeights): Promise<LayerOutput[]> {
  const { network, probabilities } = engine.steps;
  const outputs = network.inference.values.map(({ layer, shape, ref }) => ({ layer, shape, slice: ref }));
  outputs.at(-1)!.slice = probabilities; // the softmax is computed with the loss: the layer's own buffer holds logits
  const values = await read(
    engine,
    images,
    weights,
    outputs.map(({ slice, shape }) => ({ slice, elements: shape.reduce((a, b) => a * b, 1) })),
  );
  return outputs.map(({ layer, shape }, i) => ({ layer, shape: [...shape], values: values[i]! }));
}

/** A result of a batch in the network's buffers, and its number of elements for each image. */
interface Wanted {
  slice: Slice;
  elements: number;
}

const isDataset = (images: Images): images is Dataset =>
  typeof images === 'object' && images !== null && 'imageShape' in images;

/** Runs images through the network, and reads the results of all batches at the end. */
async function read(
  engine: Engine,
  images: Images,
  weights: WhichWeights,
  expected: readonly Wanted[],
): Promise<Float32Array[]> {
  const { gpu, memory, steps, settings, disposal } = engine;
  const { network, evaluation } = steps;
  const { model, batchSize } = settings;
  // Anything else is probably meant as images: countImages throws an error that explains their format.
  if (isDataset(images)) requireDataset(images);
  const count = isDataset(images) ? images.count : countImages(model, images);
  const input = images instanceof Float32Array ? undefined : await engine.input(images, engine.plain, evaluation);
  const out: Slice[] = [];
  try {
    for (const { slice, elements } of expected) out.push(memory.storage(`${slice.label}.read`, count * elements));
    const recording = [
      evaluation.begin,
      ...(input?.recording ?? []),
      ...network.inference.forward,
      evaluation.inferenceLoss,
    ];
    if (input) {
      const order = Uint32Array.from({ length: count }, (_, i) => i);
      engine.beginEpoch(evaluation, input, order);
    }
    await engine.withWeights(weights, async () => {
      for (let first = 0; first < count; first += batchSize) {
        const n = Math.min(batchSize, count - first);
        if (images instanceof Float32Array) {
          const elements = imageElements(model);
          engine.write(network.input, images.subarray(first * elements, (first + n) * elements));
          engine.writeState(evaluation, { seed: settings.seed, epoch: 0, position: 0, samples: n });
        }
        submitBatch(engine, recording, expected, out, first, n);
        // A GPU that is some batches late gets no more until it catches up, so that other work such as the screen has its turn.
        if ((first / batchSize) % batchesAhead === batchesAhead - 1) {
          await gpu.device.queue.onSubmittedWorkDone();
          disposal.throwIfAborted();
        }
      }
    });
    const bytes = await readSlices(gpu, memory, out);
    return bytes.map((values, i) => new Float32Array(values, 0, count * expected[i]!.elements));
  } finally {
    for (const { buffer } of out) memory.free(buffer);
    input?.dispose();
  }
}

const batchesAhead = 4;

/** Encodes one batch, and copies its results to their position among those of all batches. */
function submitBatch(
  engine: Engine,
  recording: Recording,
  expected: readonly Wanted[],
  out: readonly Slice[],
  first: number,
  n: number,
): void {
  submit(engine.gpu.device, 'predict', (work) => {
    work.compute(recording);
    for (const [i, { slice, elements }] of expected.entries()) {
      work.copy(slice, { buffer: out[i]!.buffer, offset: 4 * first * elements }, 4 * n * elements);
    }
  });
  engine.evaluationBegan();
}
