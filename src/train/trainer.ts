import * as v from 'valibot';
import { integer, parse } from '../check.ts';
import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError } from '../errors.ts';
import type { Gpu } from '../gpu/device.ts';
import { Memory } from '../gpu/memory.ts';
import { unlessAborted } from '../gpu/unless_aborted.ts';
import type { History } from '../health/history.ts';
import type { CompiledModel } from '../model/graph.ts';
import { averageOf } from '../model/optimizer.ts';
import { requireTrained } from '../model/require_trained.ts';
import { fillLearningRate, type LearningRate } from '../model/schedule.ts';
import { type LayerSummary, summarizeLayers } from '../model/summary.ts';
import type { Settings } from '../plan/settings.ts';
import type { BatchOptions, BatchRecord } from './batch.ts';
import type { ClassProbability } from './class_probabilities.ts';
import { Engine, type Startup, tunableKernels, type WhichWeights } from './engine.ts';
import type { EvaluateOptions, Evaluation } from './evaluate.ts';
import { fitDataset } from './fit_loop.ts';
import type { LearningRateCurve, LearningRateFinderOptions } from './learning_rate_finder.ts';
import type { Picture, PicturePreparation } from './picture.ts';
import type { ImageList, Images, LayerOutput, PredictOptions } from './predict.ts';
import {
  classesOfOutputs,
  fillPredictionFacts,
  type PredictionFacts,
  requireClassesForTop,
} from './prediction_facts.ts';
import type { ProfileOptions, TrainingProfile } from './profile_step.ts';
import { requireDataset } from './require_dataset.ts';
import type { Saliency, SampleLabel, SampleStep } from './sample_step.ts';
import type { Snapshot } from './snapshot.ts';
import { type FitOptions, fillFitOptions, fillOptions, type TrainerOptions } from './trainer_options.ts';
import { copyWeights, readWeights } from './weights.ts';

/** Loaded on demand: a page that only calls `fit` doesn't need it. */
const byBatch = () => import('./batch.ts');
const byPrediction = () => import('./predict.ts');
const byEvaluation = () => import('./evaluate.ts');
const bySnapshot = () => import('./snapshot.ts');
const bySample = () => import('./sample_step.ts');

/** Selects which of a trainer's weights to use. */
export interface WeightsOption {
  /** `'average'` selects the moving average that an optimizer with `useEma` keeps. */
  weights?: WhichWeights;
}

/** Options of `Trainer.saliency`. */
export interface SaliencyOptions {
  /** Index of the output; for classification, of the class. By default the largest output for the image. */
  output?: number;
}

type Prediction = Float32Array | ClassProbability[] | ClassProbability[][];

/** Signatures of `predict`. */
export interface Predict {
  /**
   * @param picture one picture.
   * @param options `top`: number of classes.
   * @returns the most probable classes, in descending order.
   */
  (picture: Picture, options: PredictOptions & WeightsOption & { top: number }): Promise<ClassProbability[]>;
  /** Returns the most probable classes of each image. */
  (images: ImageList, options: PredictOptions & WeightsOption & { top: number }): Promise<ClassProbability[][]>;
  /** @returns the model's outputs [n, outputs]. */
  (images: Images, options?: PredictOptions & WeightsOption & { top?: undefined }): Promise<Float32Array>;
}

/** Runs work when it is its turn. */
type InTurn<T> = (work: (engine: Engine) => Promise<T>) => Promise<T>;

/**
 * Waits for the validated options of a call that already has its place in the queue. A method takes its place when it is
 * called, although the code that validates its options may have to be loaded; invalid options are rejected without waiting for
 * the turn.
 */
async function firstOf<O>(options: Promise<O>, turn: Promise<unknown>): Promise<O> {
  turn.catch(() => undefined); // the caller awaits it, unless the options are invalid
  return options;
}

const weightsOption = v.strictObject({ weights: v.optional(v.picklist(['current', 'average'])) });

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
  readonly #hasAverage: boolean;
  readonly #settings: Settings;
  #gpu: Gpu;
  #memory: Memory;
  #ready: Promise<Engine>;
  readonly #disposal = new AbortController();
  /** Aborts when the device has failed and no `fit` opens another one. */
  readonly #failure = new AbortController();
  /** Calls of `fit`, running or just ended, that open another device if this one is lost. */
  #reopenings = 0;
  #queue: Promise<unknown> = Promise.resolve();
  /** From the options, or from the data set that was trained on last. */
  #facts: PredictionFacts;
  /** Number of `fit` calls that have not ended. */
  #fits = 0;

  constructor(gpu: Gpu, options: TrainerOptions) {
    const settings = fillOptions(options);
    this.#settings = settings;
    this.options = { ...options };
    this.#gpu = gpu;
    this.model = settings.model;
    this.batchSize = settings.batchSize;
    this.#facts = fillPredictionFacts(options, settings);
    this.#hasAverage = averageOf(settings.optimizer) !== undefined;
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

  /** Once per trainer: on a device that replaces a lost one, kernels keep their variants and the run its bits. */
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
   * The class names in the order of the outputs: those of the options, of the data set that was trained on, or "0", "1" and so
   * on.
   */
  get classNames(): string[] {
    const classes = classesOfOutputs(this.#settings.outputs);
    return [...(this.#facts.classNames ?? Array.from({ length: classes }, (_, i) => String(i)))];
  }

  /** How `predict` prepares pictures: as given in the options, or as in the data set that was trained on. */
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
   * Trains on a data set. Each epoch uses every sample once, in batches, the last of which may be short. `onStep` and `onEpoch`
   * are called in order, up to two submissions after the GPU's work.
   *
   * @returns the history; `stopped` if the signal ended it.
   * @throws ConfigurationError for data that doesn't fit; NonFiniteError (with the history so far) after three bad steps in a
   * row; DeviceLostError.
   */
  async fit(dataset: Dataset, options: FitOptions = {}): Promise<History> {
    requireTrained(this.model);
    const filling = fillFitOptions(options).then((filled) => {
      requireDataset(dataset);
      if (filled.validationData) requireDataset(filled.validationData);
      return filled;
    });
    this.#fits++;
    const turn = this.#exclusively(async (engine) => {
      let isReopening = false;
      try {
        const filled = await filling;
        this.#takeFacts(dataset);
        if (filled.onDeviceLost === 'throw') return await fitDataset(engine, dataset, filled);
        isReopening = true;
        this.#reopenings++;
        const { fitReopening } = await import('./reopening.ts'); // loaded on demand
        return await fitReopening(engine, dataset, filled, (snapshot) => this.#reopen(snapshot));
      } finally {
        if (isReopening) this.#endReopening();
        this.#fits--;
        await (await this.#ready).interludes.run();
      }
    });
    await firstOf(filling, turn);
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
   * The methods that don't affect training, for callers that can't wait for the end of a `fit`: they run between two of its
   * submissions, also while it is paused.
   */
  readonly meanwhile = {
    /** As `Trainer.predict`. */
    predict: ((images, options) => this.#predict(images, options, (work) => this.#between(work))) as Predict,
    /** As `Trainer.activations`. */
    activations: (images: Images, options?: WeightsOption): Promise<LayerOutput[]> =>
      this.#activations(images, options, (work) => this.#between(work)),
    /** As `Trainer.sampleStep`. */
    sampleStep: (image: Images, label: SampleLabel, options?: WeightsOption): Promise<SampleStep> =>
      this.#sampleStep(image, label, options, (work) => this.#between(work)),
    /** As `Trainer.saliency`. */
    saliency: (image: Images, options?: SaliencyOptions & WeightsOption): Promise<Saliency> =>
      this.#saliency(image, options, (work) => this.#between(work)),
    /** As `Trainer.evaluate`. */
    evaluate: (dataset: Dataset, options?: EvaluateOptions & WeightsOption): Promise<Evaluation> =>
      this.#evaluate(dataset, options, (work) => this.#between(work)),
    /** As `Trainer.getWeights`. */
    getWeights: async (options?: WeightsOption): Promise<Float32Array[]> => {
      const weights = this.#whichWeights(options, 'current');
      return this.#between((engine) => readWeights(engine, weights));
    },
    /** Called within `onEpoch`, it returns the state at the end of that epoch. */
    snapshot: (): Promise<Snapshot> => this.#between(async (engine) => (await bySnapshot()).takeSnapshot(engine)),
  };

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
    await unlessAborted(engine.setLearningRate(filled), this.#failure.signal, this.#disposal.signal);
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
    return this.#exclusively(async (engine) => (await byBatch()).trainOnBatch(engine, images, labels, options));
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
    return this.#exclusively(async (engine) => (await byBatch()).gradients(engine, images, labels, options));
  }

  /**
   * The gradient on each batch of a data set, without an update: on its unaugmented images, or on augmented ones as `fit` sees
   * them. Gradients have Keras' order and layout, like `getWeights`.
   */
  async datasetGradients(dataset: Dataset, options: { augmented?: boolean } = {}): Promise<Float32Array[][]> {
    requireDataset(dataset);
    return this.#exclusively(async (engine) => {
      const { datasetGradients } = await import('./dataset_gradients.ts'); // loaded on demand
      return datasetGradients(engine, dataset, options.augmented ?? false);
    });
  }

  /**
   * The model's predictions for one or more images: its outputs [n, outputs] (class probabilities for classification) or, with
   * `top`, the names and probabilities of the most probable classes, for each image of a list.
   *
   * A picture (an ImageBitmap, ImageData, an image, canvas or video element, an OffscreenCanvas, a VideoFrame, a Blob or the
   * bytes of a file) is resized and scaled like the pictures in training. It stays on the GPU if the browser has it there. With
   * `testTimeAugmentation` the result is the mean over augmented samples of each image of a data set.
   *
   * @param options `weights` to use: with `useEma` their moving average by default, or `'current'`.
   * @throws ConfigurationError for images or options that don't fit; DataError for a picture that can't be decoded.
   */
  predict(picture: Picture, options: PredictOptions & WeightsOption & { top: number }): Promise<ClassProbability[]>;
  predict(images: ImageList, options: PredictOptions & WeightsOption & { top: number }): Promise<ClassProbability[][]>;
  predict(images: Images, options?: PredictOptions & WeightsOption & { top?: undefined }): Promise<Float32Array>;
  predict(images: Images, options?: PredictOptions & WeightsOption): Promise<Prediction> {
    return this.#predict(images, options, (work) => this.#exclusively(work));
  }

  async #predict(
    images: Images,
    { weights, ...options }: PredictOptions & WeightsOption = {},
    inTurn: InTurn<Float32Array>,
  ): Promise<Prediction> {
    const which = this.#evaluated({ weights });
    const { loss, outputs } = this.#settings;
    const { loading, prepared } = this.#prepare(images);
    const filled = loading.then(({ fillPredictOptions }) => {
      const filled = fillPredictOptions(options);
      if (filled.top !== undefined) requireClassesForTop(loss);
      return filled;
    });
    const turn = inTurn(async (engine) => (await loading).predict(engine, await prepared, which, await filled));
    const { top } = await firstOf(filled, turn);
    const probabilities = await turn;
    return top === undefined
      ? probabilities
      : (await loading).topClassesOf(images, probabilities, outputs, this.classNames, top);
  }

  /** Loads the prediction code and prepares the images, with the settings at the time of the call. */
  #prepare(images: Images) {
    const { pictures } = this.#facts;
    const loading = byPrediction();
    const prepared = loading.then(({ prepareImages }) => prepareImages(images, pictures));
    prepared.catch(() => undefined); // the turn that awaits it throws
    return { loading, prepared };
  }

  /** Takes the class names and the preparation of pictures from a data set, unless they are given in the options. */
  #takeFacts({ classNames, targetNames, imageShape, pictureFit = 'cover', pictureLevels: levels }: Dataset): void {
    const names = classNames.length > 0 ? classNames : targetNames;
    const fits = names?.length === classesOfOutputs(this.#settings.outputs);
    this.#facts = {
      ...this.#facts,
      ...(!this.options.classNames && fits && { classNames: names }),
      ...(!this.options.pictures && { pictures: { imageShape, fit: pictureFit, ...(levels && { levels }) } }),
    };
  }

  /**
   * The output of every layer for some images, in the order of the model, including the final probabilities; flatten, which
   * changes no value, is omitted. All outputs of all images are on the GPU at once, so this is not meant for whole data sets.
   *
   * @param options `weights` to use, as for `predict`.
   * @throws ConfigurationError for images that don't fit.
   */
  activations(images: Images, options?: WeightsOption): Promise<LayerOutput[]> {
    return this.#activations(images, options, (work) => this.#exclusively(work));
  }

  async #activations(
    images: Images,
    options: WeightsOption | undefined,
    inTurn: InTurn<LayerOutput[]>,
  ): Promise<LayerOutput[]> {
    const weights = this.#evaluated(options);
    const { loading, prepared } = this.#prepare(images);
    return inTurn(async (engine) => (await loading).activations(engine, await prepared, weights));
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
    return this.#sampleStep(image, label, options, (work) => this.#exclusively(work));
  }

  async #sampleStep(
    image: Images,
    label: SampleLabel,
    options: WeightsOption | undefined,
    inTurn: InTurn<SampleStep>,
  ): Promise<SampleStep> {
    requireTrained(this.model);
    const weights = this.#evaluated(options);
    const { prepared } = this.#prepare(image);
    const loading = bySample();
    return inTurn(async (engine) => (await loading).sampleStep(engine, await prepared, label, weights));
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
    return this.#saliency(image, options, (work) => this.#exclusively(work));
  }

  async #saliency(
    image: Images,
    options: (SaliencyOptions & WeightsOption) | undefined,
    inTurn: InTurn<Saliency>,
  ): Promise<Saliency> {
    const { output, ...others } = options ?? {};
    const weights = this.#evaluated(others);
    const { prepared } = this.#prepare(image);
    const loading = bySample();
    return inTurn(async (engine) => (await loading).saliency(engine, await prepared, output, weights));
  }

  /**
   * Loss and accuracy on a data set, and the `metrics` of these options or of the trainer; without augmentation or, with
   * `testTimeAugmentation`, from the mean outputs of augmented samples.
   *
   * @param options `weights` to use: with `useEma` their moving average by default, or `'current'`.
   * @throws ConfigurationError for a data set, metric or augmentation that doesn't fit.
   */
  evaluate(dataset: Dataset, options?: EvaluateOptions & WeightsOption): Promise<Evaluation> {
    return this.#evaluate(dataset, options, (work) => this.#exclusively(work));
  }

  async #evaluate(
    dataset: Dataset,
    { weights, ...options }: EvaluateOptions & WeightsOption = {},
    inTurn: InTurn<Evaluation>,
  ): Promise<Evaluation> {
    const which = this.#evaluated({ weights });
    requireDataset(dataset);
    const loading = byEvaluation();
    const filled = loading.then(({ fillEvaluateOptions }) => fillEvaluateOptions(options));
    const turn = inTurn(async (engine) => (await loading).evaluate(engine, dataset, which, await filled));
    await firstOf(filled, turn);
    return turn;
  }

  /**
   * A copy of all weights in Keras' order and layout: kernels [kh, kw, in, out] and [in, out], biases [out].
   *
   * @param options `{ weights: 'average' }` for the moving average of the trainable weights, if the optimizer keeps one
   * (`useEma`). Other tensors, including moving statistics, are the same either way.
   * @throws ConfigurationError if the optimizer keeps no average.
   */
  async getWeights(options?: WeightsOption): Promise<Float32Array[]> {
    const weights = this.#whichWeights(options, 'current');
    return this.#exclusively((engine) => readWeights(engine, weights));
  }

  /**
   * Replaces all weights. The optimizer's slots are kept, and a moving average restarts at these weights.
   *
   * @throws ConfigurationError if the number or the sizes of the arrays differ.
   */
  async setWeights(arrays: readonly ArrayLike<number>[]): Promise<void> {
    const copies = copyWeights(this.model, arrays);
    return this.#exclusively(async (engine) => {
      engine.writeTensors(copies);
      engine.resetHalt(engine.steps.training);
    });
  }

  /** A copy of the complete state of training (weights, optimizer slots, progress), for `restore` or a file. */
  snapshot(): Promise<Snapshot> {
    return this.#exclusively(async (engine) => (await bySnapshot()).takeSnapshot(engine));
  }

  /**
   * Continues from a snapshot: with the same options, the next steps are those that would have followed it.
   *
   * @throws ConfigurationError for a snapshot of another model or optimizer; nothing is changed in that case.
   */
  restore(snapshot: Snapshot): Promise<void> {
    return this.#exclusively(async (engine) => (await bySnapshot()).restoreSnapshot(engine, snapshot));
  }

  /**
   * Times each dispatch of a training step, on the first batches of a data set. Weights, optimizer, step and epoch count are
   * restored afterwards.
   */
  async profile(dataset: Dataset, options: ProfileOptions = {}): Promise<TrainingProfile> {
    const rounds = parse(integer(1, 1000), options.steps ?? 5, 'steps');
    requireDataset(dataset);
    return this.#exclusively(async (engine) => {
      const { profileStep } = await import('./profile_step.ts');
      return profileStep(engine, dataset, rounds, options.ceilings);
    });
  }

  /**
   * Trains for some steps with an increasing learning rate, to find which rates lower the loss. The trainer's state is restored
   * afterwards: a `fit` that follows has the same bits as without it.
   *
   * @throws ConfigurationError for invalid data or options.
   */
  async findLearningRate(dataset: Dataset, options: LearningRateFinderOptions = {}): Promise<LearningRateCurve> {
    requireTrained(this.model);
    requireDataset(dataset);
    // Loaded on demand.
    const { fillFinderOptions, findLearningRate } = await import('./learning_rate_finder.ts');
    const filled = fillFinderOptions(options);
    return this.#exclusively((engine) => findLearningRate(engine, dataset, filled));
  }

  /** Rejects running and later calls. The buffers are freed when the GPU is done with them; the device stays open. */
  dispose(): void {
    this.#disposal.abort(new ConfigurationError({ what: 'The trainer is disposed of', fix: 'make a new one' }));
    // Not immediately: work in flight would use destroyed buffers, which the device reports as an error to all its users.
    this.#queue = Promise.allSettled([this.#queue, this.#ready]).then(() => this.#memory.dispose());
  }

  /** @throws ConfigurationError for an invalid value, and for the average if the optimizer keeps none. */
  #whichWeights(options: WeightsOption | undefined, byDefault: WhichWeights): WhichWeights {
    const { weights = byDefault } = parse(weightsOption, options ?? {}, 'the options');
    if (weights === 'average' && !this.#hasAverage) {
      throw new ConfigurationError({
        what: 'The optimizer keeps no moving average of the weights',
        found: { weights },
        expected: 'an optimizer with useEma: true',
        fix: "make the trainer with optimizer: { type: 'adam', useEma: true }, or leave weights out",
      });
    }
    return weights;
  }

  /** The weights to evaluate with, the same as `fit` uses for validation. */
  #evaluated(options: WeightsOption | undefined): WhichWeights {
    return this.#whichWeights(options, this.#hasAverage ? 'average' : 'current');
  }

  /** Runs work between two submissions of a running `fit`, otherwise when it is its turn. */
  #between<T>(work: (engine: Engine) => Promise<T>): Promise<T> {
    if (!this.#fits) return this.#exclusively(work);
    const turn = this.#ready.then((engine) =>
      // The `fit` may have just ended, after which interludes no longer run.
      this.#fits ? engine.interludes.add(() => work(engine)) : this.#exclusively(work),
    );
    return unlessAborted(turn, this.#failure.signal, this.#disposal.signal);
  }

  /**
   * Methods run one at a time, since the GPU's buffers hold a single batch. Callers are rejected immediately when the device is
   * lost or the trainer is disposed; the next turn waits until the work has really ended.
   */
  #exclusively<T>(work: (engine: Engine) => Promise<T>): Promise<T> {
    const turn = this.#queue.then(async () => {
      const engine = await this.#ready;
      this.#disposal.signal.throwIfAborted();
      return work(engine);
    });
    this.#queue = turn.catch(() => undefined);
    return unlessAborted(turn, this.#failure.signal, this.#disposal.signal);
  }
}
