import { integer, parse } from '../check.ts';
import { ConfigurationError } from '../errors.ts';
import type { Gpu } from '../gpu/device.ts';
import { KernelCache } from '../gpu/kernel.ts';
import { Memory, type Slice } from '../gpu/memory.ts';
import { readSlices } from '../gpu/readback.ts';
import { Recorder } from '../gpu/recorder.ts';
import type { Recording } from '../gpu/recording.ts';
import { submit } from '../gpu/submission.ts';
import { unlessAborted } from '../gpu/unless_aborted.ts';
import { packState, stateWords } from '../kernels/state.ts';
import {
  type DrawOf,
  requireDraw,
  requireImageShape,
  requireImages,
  requireSamples,
  slotsOf,
  wholeNumber,
} from './augmenter_checks.ts';
import { type BatchPlan, planBatch } from './batch.ts';
import { fitStatistics } from './fit.ts';
import { kerasRangesOf, randomPart } from './generator_ops.ts';
import { geometryOf } from './geometry.ts';
import { type FeatureStatistics, needsStatistics } from './image_data_generator.ts';
import { drawKeras } from './keras_draws.ts';
import { NumpyRandom } from './numpy_random.ts';
import { elementsOf } from './op.ts';
import { packParameters, type SampleParameters, unpackParameters, withoutIdle } from './parameters.ts';
import { type AugmentationConfig, type Pipeline, parseAugmentation } from './pipeline.ts';
import { fillSheetOptions, isStretched, layOut, type Sheet, type SheetOptions, toGrayLevels } from './sheet.ts';
import { requireWhiteningFits } from './statistics.ts';

/** Options of `createAugmenter`. */
export interface AugmenterOptions {
  /** [height, width, channels]. */
  imageShape: readonly [number, number, number];
  /** Keras' ImageDataGenerator arguments, or a list of ops. `rescale` is not applied unless given. */
  augmentation: AugmentationConfig;
  /** Integer from 0 to 2^32 - 1. The trainer samples the same parameters with the same seed. */
  seed?: number;
  /** Number of images in the data set. mixUp and cutMix choose a partner among them. */
  count?: number;
  /** Statistics required by the feature-wise options, from an earlier `fit`. */
  statistics?: FeatureStatistics;
}

/**
 * Creates an augmenter, which runs the trainer's augmentation kernels on any images.
 *
 * @throws ConfigurationError immediately if an option is invalid or the whitening matrix exceeds the adapter's binding limit.
 */
export function createAugmenter(gpu: Gpu, options: AugmenterOptions): Augmenter {
  return new Augmenter(gpu, options);
}

/** Augments images at random on the GPU. Created by `createAugmenter`. */
export class Augmenter {
  readonly #gpu: Gpu;
  readonly #cache: KernelCache;
  readonly #augmentation: AugmentationConfig;
  #pipeline: Pipeline;
  readonly #seed: number;
  readonly #count: number | undefined;
  readonly #disposed = new AbortController();

  constructor(gpu: Gpu, options: AugmenterOptions) {
    const { imageShape } = options;
    requireImageShape(imageShape);
    this.#gpu = gpu;
    this.#cache = new KernelCache(gpu.device, gpu.traits);
    this.#augmentation = options.augmentation ?? {};
    const { statistics } = options;
    this.#pipeline = parseAugmentation(this.#augmentation, imageShape, { statistics });
    if (this.#pipeline.generator?.zcaWhitening) {
      requireWhiteningFits(imageShape, gpu.device.limits.maxStorageBufferBindingSize);
    }
    this.#seed = parse(wholeNumber, options.seed ?? 0, 'seed');
    this.#count = options.count === undefined ? undefined : parse(integer(1, 2 ** 24), options.count, 'count');
  }

  /** Shape of the output images: [height, width, channels]. */
  get outputShape(): [number, number, number] {
    const { height, width, channels } = this.#pipeline.to;
    return [height, width, channels];
  }

  /**
   * Converts the result of `apply` back to gray levels 0 to 255 for display. A plain `rescale` is undone. Centered, standardized or
   * whitened images have no gray levels, so each image is stretched from its minimum to its maximum, as Keras' `save_to_dir` does;
   * `stretched` is true in that case.
   */
  toGrayLevels(images: Float32Array): { images: Float32Array; stretched: boolean } {
    return { images: toGrayLevels(this.#pipeline, images), stretched: isStretched(this.#pipeline) };
  }

  /**
   * Samples the parameters of each image. They depend only on (seed, epoch, sample), are plain JSON and can be passed to `apply`.
   * They include the matrix of all geometric transforms and its inverse, which maps points and boxes of the original image. The
   * matrix does not include the displacements of elasticTransform.
   */
  draw(of: DrawOf): Promise<SampleParameters[]> {
    return this.#with(async (memory) => {
      requireSamples(of);
      const { plan } = await this.#plan(memory, of.samples.length, of);
      this.#run(plan.recording);
      const { draws, maps, passes } = plan;
      const read = await readSlices(
        this.#gpu,
        memory,
        [draws, maps].filter((slice) => slice !== undefined),
      );
      const records = draws ? new Float32Array(read[0]!) : new Float32Array();
      const words = maps ? new Float32Array(read.at(-1)!) : undefined;
      return Array.from({ length: of.samples.length }, (_, i) => ({
        ...unpackParameters(this.#pipeline, records, i, of.samples.length),
        ...geometryOf(passes, words, i),
      }));
    });
  }

  /**
   * Augments images, either with the given parameters (omitted ones are the identity) or with those sampled for an epoch's samples.
   *
   * @param images NHWC, bytes or floats, one per entry of the parameters or samples; with mixUp or cutMix followed by their
   *   partners, which `draw` names.
   * @returns NHWC, with the output shape of the augmentation.
   * @throws ConfigurationError if the numbers of images and parameters differ, or for an unknown parameter.
   */
  apply(images: Uint8Array | Float32Array, how: readonly SampleParameters[] | DrawOf): Promise<Float32Array> {
    return this.#with(async (memory) => {
      const listed = Array.isArray(how);
      if (!listed) requireSamples(how as DrawOf);
      const count = listed ? how.length : (how as DrawOf).samples.length;
      requireImages(this.#pipeline, images, count);
      const { plan, output } = await this.#plan(memory, count, how, images);
      this.#run(plan.recording);
      const [bytes] = await readSlices(this.#gpu, memory, [output]);
      return new Float32Array(bytes!, 0, count * elementsOf(this.#pipeline.to));
    });
  }

  /**
   * Computes the statistics of the training images for the feature-wise options, as Keras' `fit` does. Later calls of `draw` and
   * `apply` use them.
   *
   * @param images NHWC, the whole training set.
   * @param options with `augment`, the statistics are computed over `rounds` augmented versions of each image, as in Keras.
   * @returns mean and standard deviation per channel, and the whitening matrix if zcaWhitening is on.
   * @throws ConfigurationError if no feature-wise option is on.
   */
  async fit(
    images: Uint8Array | Float32Array,
    { augment = false, rounds = 1 }: { augment?: boolean; rounds?: number } = {},
  ): Promise<FeatureStatistics> {
    const { generator, from } = this.#pipeline;
    if (!generator || !needsStatistics(generator)) {
      throw new ConfigurationError({
        what: 'This augmentation needs no fit',
        expected: 'featurewiseCenter, featurewiseStdNormalization or zcaWhitening',
      });
    }
    parse(integer(1, 1000), rounds, 'rounds');
    const imageShape = [from.height, from.width, from.channels] as const;
    const count = Math.ceil((images?.length ?? 0) / elementsOf(from));
    requireImages(this.#pipeline, images, count);
    const seen = augment ? await this.#transform(images, count, rounds) : images;
    const statistics = await this.#with((memory) =>
      fitStatistics(new Recorder(this.#gpu, memory, this.#cache), generator, [...imageShape], seen),
    );
    this.#pipeline = parseAugmentation(this.#augmentation, imageShape, { statistics });
    return statistics;
  }

  /** Transforms all images at random, `rounds` times each, without the normalization that follows. */
  async #transform(images: Uint8Array | Float32Array, count: number, rounds: number): Promise<Float32Array> {
    const { from, generator } = this.#pipeline;
    const imageShape = [from.height, from.width, from.channels] as const;
    const augmentation = randomPart(generator!);
    const alone = new Augmenter(this.#gpu, { imageShape: [...imageShape], augmentation, seed: this.#seed });
    const seen = new Float32Array(rounds * images.length);
    const samples = Array.from({ length: count }, (_, i) => i);
    for (let round = 0; round < rounds; round++) {
      seen.set(await alone.apply(images, { epoch: round, samples }), round * images.length);
    }
    return seen;
  }

  /**
   * Renders a contact sheet with one row per image: the original on the left, augmented samples to its right. Standardized images
   * are stretched to the visible range.
   *
   * @param images NHWC, gray levels 0 to 255.
   * @throws ConfigurationError if the images don't match the image shape, or if an option is invalid.
   */
  async sheet(images: Uint8Array | Float32Array, options: SheetOptions = {}): Promise<Sheet> {
    const { from, to } = this.#pipeline;
    const count = Math.ceil((images?.length ?? 0) / slotsOf(this.#pipeline, elementsOf(from)));
    requireImages(this.#pipeline, images, count);
    const { samples, draws, epoch, magnification } = fillSheetOptions(options, count);
    const drawn: Float32Array[] = [];
    for (let k = 0; k < draws; k++) {
      drawn.push(toGrayLevels(this.#pipeline, await this.apply(images, { epoch: epoch + k, samples })));
    }
    return layOut({ originals: images, from, drawn, to }, magnification);
  }

  /** Frees the augmenter's buffers. Pending and later calls reject. The device is kept. */
  dispose(): void {
    this.#disposed.abort(new ConfigurationError({ what: 'The augmenter has been disposed', fix: 'create a new one' }));
  }

  /**
   * Random numbers from NumPy's generator if a Keras-compatible mode is selected. The samples form one unshuffled batch of a
   * generator that has already produced one batch per earlier epoch.
   */
  #drawnElsewhere({ epoch, samples }: DrawOf): SampleParameters[] | undefined {
    const { generator, from } = this.#pipeline;
    if (!generator || generator.compat === 'corrected') return undefined;
    const random = new NumpyRandom(this.#seed + epoch);
    const ranges = kerasRangesOf(generator);
    return Array.from(samples, () => drawKeras(random, ranges, from.height, from.width));
  }

  /** Plans a batch of the size of the call. */
  async #plan(
    memory: Memory,
    count: number,
    how: readonly SampleParameters[] | DrawOf,
    images?: Uint8Array | Float32Array,
  ): Promise<{ plan: BatchPlan; output: Slice }> {
    const of = Array.isArray(how) ? undefined : (how as DrawOf);
    if (of) requireDraw(this.#pipeline, of, this.#count);
    const given = of ? this.#drawnElsewhere(of) : (how as readonly SampleParameters[]);
    const records = given && packParameters(this.#pipeline, given);
    // A call that only returns parameters plans all ops; a call that returns images plans only the ops that change them.
    const pipeline = records && images ? withoutIdle(this.#pipeline, records) : this.#pipeline;
    const order = Uint32Array.from(of?.samples ?? Array.from({ length: count }, (_, i) => i));
    const state = memory.storage('augmenter.state', stateWords);
    const values = { seed: this.#seed, epoch: of?.epoch ?? 0, position: count, samples: count, start: 0, count };
    this.#gpu.device.queue.writeBuffer(state.buffer, 0, packState(values));
    const output = memory.storage('augmenter.y', images ? count * elementsOf(pipeline.to) : 0);
    const plan = await planBatch(new Recorder(this.#gpu, memory, this.#cache), pipeline, {
      batch: count,
      state,
      order: memory.upload('augmenter.order', order),
      samplesPerEpoch: count,
      count: slotsOf(this.#pipeline, count),
      partners: this.#count ?? count,
      ...(records?.length && { draws: memory.upload('augmenter.draws', records) }),
      ...(images && {
        pixels: {
          images: memory.upload('augmenter.images', images),
          bytes: images instanceof Uint8Array,
          output,
        },
      }),
    });
    return { plan, output };
  }

  #run(recording: Recording): void {
    submit(this.#gpu.device, 'augmenter', (work) => work.compute(recording));
  }

  async #with<T>(work: (memory: Memory) => Promise<T>): Promise<T> {
    const { signal } = this.#disposed;
    signal.throwIfAborted();
    const memory = new Memory(this.#gpu.device);
    const done = work(memory);
    // Destroy the buffers only after the GPU work that uses them has finished; destroying them earlier is a validation error.
    const free = () => memory.dispose();
    done.then(free, free);
    return unlessAborted(done, this.#gpu.failure, signal);
  }
}
