import { integer, parse } from '../check.ts';
import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError } from '../errors.ts';
import type { Gpu } from '../gpu/device.ts';
import { Memory } from '../gpu/memory.ts';
import type { History } from '../health/history.ts';
import type { CompiledModel } from '../model/graph.ts';
import { requireTrained } from '../model/require_trained.ts';
import { fillLearningRate, type LearningRate } from '../model/schedule.ts';
import { type LayerSummary, summarizeLayers } from '../model/summary.ts';
import type { Settings } from '../plan/settings.ts';
import type { BatchOptions, BatchRecord } from './batch.ts';
import type { ClassProbability } from './class_probabilities.ts';
import { Engine, type Startup } from './engine.ts';
import type { EvaluateOptions, Evaluation } from './evaluate.ts';
import { fitDataset } from './fit_loop.ts';
import { type FitOptions, fillFitOptions } from './fit_options.ts';
import type { LearningRateCurve, LearningRateFinderOptions } from './learning_rate_finder.ts';
import type { Picture, PicturePreparation } from './picture.ts';
import { tunableKernels } from './plan_engine.ts';
import type { ImageList, Images, LayerOutput, PredictOptions } from './predict.ts';
import { classNamesOf, factsOfDataset, fillPredictionFacts, type PredictionFacts } from './prediction_facts.ts';
import type { ProfileOptions, TrainingProfile } from './profile_step.ts';
import { type Queries, queriesOf } from './queries.ts';
import { requireDataset } from './require_dataset.ts';
import type { Saliency, SaliencyOptions, SampleLabel, SampleStep } from './sample_step.ts';
import type { Snapshot } from './snapshot.ts';
import { fillOptions, type TrainerOptions } from './trainer_options.ts';
import { Turns } from './turns.ts';
import { copyWeights } from './weights.ts';
import type { WeightsOption } from './which_weights.ts';

/** Loaded on demand, because a page that only calls `fit` doesn't need it. */
const byBatch = () => import('./batch.ts');
const bySnapshot = () => import('./snapshot.ts');

/** A model with its weights on the GPU. Created by `createTrainer`. */
export class Trainer {
  /** The compiled model: defaults filled in, shapes and execution order. */
  readonly model: CompiledModel;
  /** Number of images per batch. */
  readonly batchSize: number;
  /** The options passed to `createTrainer`. */
  readonly options: Readonly<TrainerOptions>;
  /** Start-up times in milliseconds. */
  readonly startup: Startup = { compileMs: 0, uploadMs: 0, firstStepMs: 0 };
  readonly #settings: Settings;
  #gpu: Gpu;
  #memory: Memory;
  #ready: Promise<Engine>;
  readonly #disposal = new AbortController();
  /** Aborts when the device has failed and no `fit` opens another one. */
  readonly #failure = new AbortController();
  /** Calls of `fit`, running or just ended, that open another device if this one is lost. */
  #reopenings = 0;
  readonly #turns = new Turns(() => this.#ready, this.#failure.signal, this.#disposal.signal);
  /** From the options, or from the data set of the last `fit`. */
  #facts: PredictionFacts;
  readonly #queries: Queries;
  /**
   * The methods that don't affect training, for callers that can't wait for the end of a `fit`. They run between two of its submissions,
   * even while it is paused.
   */
  readonly meanwhile: Queries;

  constructor(gpu: Gpu, options: TrainerOptions) {
    const settings = fillOptions(options);
    this.#settings = settings;
    this.options = { ...options };
    this.#gpu = gpu;
    this.model = settings.model;
    this.batchSize = settings.batchSize;
    this.#facts = fillPredictionFacts(options, settings);
    const asked = () => ({ settings, pictures: this.#facts.pictures, classNames: () => this.classNames });
    this.#queries = queriesOf(asked, this.#turns.alone);
    this.meanwhile = queriesOf(asked, this.#turns.between);
    this.#memory = new Memory(gpu.device);
    this.#ready = this.#start();
    this.#ready.catch(() => undefined); // the first method that awaits it throws
  }

  /** The trainer's device. A `fit` with `onDeviceLost: 'reopen'` may replace it. */
  get gpu(): Gpu {
    return this.#gpu;
  }

  #start(): Promise<Engine> {
    const { failure } = this.#gpu;
    const fail = () => {
      if (this.#reopenings === 0) this.#failure.abort(failure.reason);
    };
    if (failure.aborted) fail();
    else failure.addEventListener('abort', fail, { once: true, signal: this.#disposal.signal });
    if (this.#gpu.tuning === 'off' || this.#settings.kernelVariants) return this.#startEngine();
    return this.#tune().then(() => this.#startEngine());
  }

  #startEngine(): Promise<Engine> {
    return Engine.start(this.#gpu, this.#settings, this.#memory, this.startup, this.#disposal.signal);
  }

  /**
   * Tunes once per trainer, so that a run keeps its kernel variants, and thus bit-identical results, on a device that replaces a lost one.
   */
  async #tune(): Promise<void> {
    const { tuneOnce } = await import('./tune_once.ts');
    const kernelVariants = await tuneOnce(this.#gpu, await tunableKernels(this.#gpu, this.#settings));
    this.#settings.kernelVariants = kernelVariants;
    (this.options as TrainerOptions).kernelVariants = kernelVariants;
  }

  /** Continues on a new device that replaces a lost one. */
  async #reopen(snapshot: Snapshot): Promise<Engine> {
    const gpu = await this.#gpu.reopen();
    this.#memory.dispose();
    this.#gpu = gpu;
    this.#memory = new Memory(gpu.device);
    this.#ready = this.#start().then(async (engine) => {
      await (await bySnapshot()).restoreSnapshot(engine, snapshot);
      return engine;
    });
    this.#ready.catch(() => undefined); // the caller that reopens throws
    return this.#ready;
  }

  /**
   * The class names in the order of the outputs: those of the options, otherwise those of the data set of the last `fit`, or "0", "1" and
   * so on.
   */
  get classNames(): string[] {
    return classNamesOf(this.#facts, this.#settings.outputs);
  }

  /** How `predict` preprocesses pictures: as given in the options, otherwise as in the data set of the last `fit`. */
  get pictures(): PicturePreparation {
    return this.#facts.pictures;
  }

  /** Number of the trainer's buffers, without data sets, and their bytes on the GPU. */
  get memory(): { buffers: number; bytes: number } {
    return { buffers: this.#memory.buffers, bytes: this.#memory.bytes };
  }

  /** The layers with their output shapes and parameters, in order. */
  summary(): LayerSummary[] {
    return summarizeLayers(this.model);
  }

  /**
   * Trains on a data set. Each epoch uses every sample once. The last batch may be smaller. `onStep` and `onEpoch`
   * are called in order, up to two submissions after the GPU's work.
   *
   * @returns the history; `stopped` if the signal ended it.
   * @throws ConfigurationError for data that doesn't fit the model; NonFiniteError (with the history so far) after three non-finite steps
   * in a row; DeviceLostError.
   */
  async fit(dataset: Dataset, options: FitOptions = {}): Promise<History> {
    requireTrained(this.model);
    const filling = fillFitOptions(options).then((filled) => {
      requireDataset(dataset);
      if (filled.validationData) requireDataset(filled.validationData);
      return filled;
    });
    const turn = this.#turns.fit(async (engine) => {
      const filled = await filling;
      this.#facts = factsOfDataset(this.#facts, dataset, this.options, this.#settings.outputs);
      if (filled.onDeviceLost === 'throw') return fitDataset(engine, dataset, filled);
      this.#reopenings++;
      try {
        const { fitReopening } = await import('./reopening.ts'); // loaded on demand
        return await fitReopening(engine, dataset, filled, (snapshot) => this.#reopen(snapshot));
      } finally {
        this.#endReopening();
      }
    });
    turn.catch(() => undefined); // awaited below, unless the options are invalid
    await filling; // invalid options are rejected without waiting for the turn
    return turn;
  }

  /** Runs after `fit` has returned its result, so that a device lost at that moment does not discard it. */
  #endReopening(): void {
    setTimeout(() => {
      this.#reopenings--;
      const { failure } = this.#gpu;
      if (failure.aborted) this.#failure.abort(failure.reason);
    });
  }

  /**
   * Changes the learning rate of the next steps; in a running `fit`, starting with its next submission. A number replaces a
   * schedule permanently. A schedule continues with the count of all updates so far, as if it had been used from the start.
   * Snapshots include it.
   *
   * @throws ConfigurationError for a number below 0 or an invalid schedule.
   */
  async setLearningRate(learningRate: LearningRate): Promise<void> {
    const filled = fillLearningRate(learningRate);
    const engine = await this.#ready;
    this.#disposal.signal.throwIfAborted();
    await this.#turns.unlessEnded(engine.schedule.setLearningRate(filled));
  }

  /**
   * Trains one step on one batch. Layers with random numbers use new ones in each call.
   *
   * @param images [n, height, width, channels], already scaled; n is at most the batch size.
   * @param labels n class indices; for categoricalCrossentropy and categoricalFocalCrossentropy soft labels [n, classes] that
   * sum to one; for the other losses [n, outputs] numbers.
   * @param options `sampleWeight`: a number >= 0 per image.
   * @throws NonFiniteError if this was the third non-finite step in a row.
   */
  async trainOnBatch(
    images: Float32Array,
    labels: ArrayLike<number>,
    options: BatchOptions = {},
  ): Promise<BatchRecord> {
    requireTrained(this.model);
    return this.#turns.alone(async (engine) => (await byBatch()).trainOnBatch(engine, images, labels, options));
  }

  /**
   * Loss and gradients on one batch, without an update. They are computed as `trainOnBatch` would do now, with the batch's
   * statistics and the same dropout, but without changing any state. Gradients are those of the trainable tensors, in the order
   * and layout of `getWeights`.
   */
  gradients(
    images: Float32Array,
    labels: ArrayLike<number>,
    options: BatchOptions = {},
  ): Promise<{ loss: number; gradientNorms: Record<string, number>; gradients: Float32Array[] }> {
    return this.#turns.alone(async (engine) => (await byBatch()).gradients(engine, images, labels, options));
  }

  /**
   * The gradient on each batch of a data set, without an update: on its unaugmented images, or on augmented ones as in `fit`. Gradients
   * have Keras' order and layout, like `getWeights`.
   */
  async datasetGradients(dataset: Dataset, options: { augmented?: boolean } = {}): Promise<Float32Array[][]> {
    requireDataset(dataset);
    return this.#turns.alone(async (engine) => {
      const { datasetGradients } = await import('./dataset_gradients.ts'); // loaded on demand
      return datasetGradients(engine, dataset, options.augmented ?? false);
    });
  }

  /**
   * The model's predictions for one or more images: its outputs [n, outputs] (class probabilities for classification) or, with
   * `top`, the names and probabilities of the most probable classes, for each image of a list.
   *
   * A picture (an ImageBitmap, ImageData, an image, canvas or video element, an OffscreenCanvas, a VideoFrame, a Blob or the
   * bytes of a file) is resized and scaled like the training images. If the browser keeps it on the GPU, it is not copied to the CPU. With
   * `testTimeAugmentation` the result is the mean over augmented samples of each image of a data set.
   *
   * @param options `weights` to use: with `useEma` their moving average by default, or `'current'`.
   * @throws ConfigurationError for images or options that don't fit; DataError for a picture that can't be decoded.
   */
  predict(picture: Picture, options: PredictOptions & WeightsOption & { top: number }): Promise<ClassProbability[]>;
  predict(images: ImageList, options: PredictOptions & WeightsOption & { top: number }): Promise<ClassProbability[][]>;
  predict(images: Images, options?: PredictOptions & WeightsOption & { top?: undefined }): Promise<Float32Array>;
  predict(
    images: Images,
    options?: PredictOptions & WeightsOption,
  ): Promise<Float32Array | ClassProbability[] | ClassProbability[][]> {
    return this.#queries.predict(images, options as { top?: undefined });
  }

  /**
   * The output of every layer for some images, in the order of the model, including the final probabilities; flatten, which
   * changes no value, is omitted. All outputs of all images are on the GPU at once, so this is not suitable for whole data sets.
   *
   * @param options `weights` to use, as for `predict`.
   * @throws ConfigurationError for images that don't fit.
   */
  activations(images: Images, options?: WeightsOption): Promise<LayerOutput[]> {
    return this.#queries.activations(images, options);
  }

  /**
   * Runs one image forward and backward through the network: returns the output of each layer and the gradient of the loss with
   * respect to it, the gradients of the image and of each tensor, and the update that the optimizer would make if its next step
   * saw only this image. Training is not affected. As in evaluation, normalizations use their moving statistics and nothing is
   * dropped; layers are not fused. The first call plans a network for one image, which stays on the GPU alongside the one that
   * trains.
   *
   * @param image one image, in any form that `predict` accepts.
   * @param label its class; or the numbers or soft labels that the outputs are compared with, as for `gradients`.
   * @param options `weights` to use, as for `predict`.
   * @throws ConfigurationError for an image or a label that doesn't fit.
   */
  sampleStep(image: Images, label: SampleLabel, options?: WeightsOption): Promise<SampleStep> {
    return this.#queries.sampleStep(image, label, options);
  }

  /**
   * How each pixel of an image affects one of the model's outputs: the gradient of that output, before softmax or sigmoid, with
   * respect to the network's input image (Simonyan et al., 2013, arXiv:1312.6034). Computed as in evaluation.
   *
   * @param image one image, in any form that `predict` accepts.
   * @param options `output`: index, by default of the largest output; `weights` to use, as for `predict`.
   * @throws ConfigurationError for an image or an output that doesn't fit.
   */
  saliency(image: Images, options?: SaliencyOptions & WeightsOption): Promise<Saliency> {
    return this.#queries.saliency(image, options);
  }

  /**
   * Loss and accuracy on a data set, and the `metrics` of these options or of the trainer; without augmentation or, with
   * `testTimeAugmentation`, from the mean outputs of augmented samples.
   *
   * @param options `weights` to use: with `useEma` their moving average by default, or `'current'`.
   * @throws ConfigurationError for a data set, metric or augmentation that doesn't fit.
   */
  evaluate(dataset: Dataset, options?: EvaluateOptions & WeightsOption): Promise<Evaluation> {
    return this.#queries.evaluate(dataset, options);
  }

  /**
   * A copy of all weights in Keras' order and layout: kernels [kh, kw, in, out] and [in, out], biases [out].
   *
   * @param options `{ weights: 'average' }` for the moving average of the trainable weights, if the optimizer keeps one
   * (`useEma`). Other tensors, including moving statistics, are the same either way.
   * @throws ConfigurationError if the optimizer keeps no average.
   */
  getWeights(options?: WeightsOption): Promise<Float32Array[]> {
    return this.#queries.getWeights(options);
  }

  /**
   * Replaces all weights. The optimizer's slots are kept, and a moving average restarts at these weights.
   *
   * @throws ConfigurationError if the number or the sizes of the arrays differ.
   */
  async setWeights(arrays: readonly ArrayLike<number>[]): Promise<void> {
    const copies = copyWeights(this.model, arrays);
    return this.#turns.alone(async (engine) => {
      engine.writeTensors(copies);
      engine.resetHalt(engine.steps.training);
    });
  }

  /** A copy of the complete state of training (weights, optimizer slots, progress), for `restore` or a file. */
  snapshot(): Promise<Snapshot> {
    return this.#queries.snapshot();
  }

  /**
   * Continues from a snapshot: with the same options, the next steps are those that would have followed it.
   *
   * @throws ConfigurationError for a snapshot of another model or optimizer; nothing is changed in that case.
   */
  restore(snapshot: Snapshot): Promise<void> {
    return this.#turns.alone(async (engine) => (await bySnapshot()).restoreSnapshot(engine, snapshot));
  }

  /**
   * Times each dispatch of a training step, on the first batches of a data set. Weights, optimizer, step and epoch count are
   * restored afterwards.
   */
  async profile(dataset: Dataset, options: ProfileOptions = {}): Promise<TrainingProfile> {
    const rounds = parse(integer(1, 1000), options.steps ?? 5, 'steps');
    requireDataset(dataset);
    return this.#turns.alone(async (engine) => {
      const { profileStep } = await import('./profile_step.ts');
      return profileStep(engine, dataset, rounds, options.ceilings);
    });
  }

  /**
   * Trains for some steps with an increasing learning rate, to find which rates lower the loss. The trainer's state is restored
   * afterwards: a `fit` that follows gives the same results, bit for bit.
   *
   * @throws ConfigurationError for invalid data or options.
   */
  async findLearningRate(dataset: Dataset, options: LearningRateFinderOptions = {}): Promise<LearningRateCurve> {
    requireTrained(this.model);
    requireDataset(dataset);
    // Loaded on demand.
    const { fillFinderOptions, findLearningRate } = await import('./learning_rate_finder.ts');
    const filled = fillFinderOptions(options);
    return this.#turns.alone((engine) => findLearningRate(engine, dataset, filled));
  }

  /** Rejects running and later calls. The buffers are freed once the GPU no longer uses them; the device stays open. */
  dispose(): void {
    this.#disposal.abort(new ConfigurationError({ what: 'The trainer has been disposed', fix: 'create a new one' }));
    // Not immediately: work in flight would use destroyed buffers, which the device reports as an error to all its users.
    this.#turns.afterwards(() => this.#memory.dispose());
  }
}
