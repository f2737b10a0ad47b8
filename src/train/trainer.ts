import * as v from 'valibot';
import { fitStatistics } from '../augment/fit.ts';
import { needsStatistics } from '../augment/image_data_generator.ts';
import type { AugmentationConfig } from '../augment/pipeline.ts';
import { integer, parse } from '../check.ts';
import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError, suggest } from '../errors.ts';
import type { Gpu } from '../gpu/device.ts';
import { KernelCache } from '../gpu/kernel.ts';
import { Memory, type Slice } from '../gpu/memory.ts';
import { profileRecording, type StepProfile } from '../gpu/profile.ts';
import { readSlices } from '../gpu/readback.ts';
import { type Dispatch, type Recording, replay } from '../gpu/recording.ts';
import { unlessAborted } from '../gpu/unless_aborted.ts';
import { packState, type StateValues, stateFields } from '../kernels/state.ts';
import { diagnose } from './diagnosis.ts';
import { type EpochRecord, type History, type StepRecord, summarize } from './history.ts';
import { elementsOf, initialWeights } from './initializers.ts';
import { type DatasetInput, pipelineFor, planInput, type Viewing } from './input.ts';
import { requireLabels, requireShares } from './labels.ts';
import { type Mix, viewingOf } from './mix.ts';
import { type CompiledModel, compileModel, type Model, requireClassifier } from './model.ts';
import { type FilledOptimizer, fillOptimizer, type OptimizerConfig } from './optimizers.ts';
import { RecordReader } from './records.ts';
import { requireDataset } from './require_dataset.ts';
import { Scheduler } from './scheduler.ts';
import { splitForTraining } from './split.ts';
import { badStepsToHalt, type Ledger, planSteps, type Steps } from './steps.ts';
import { type LayerSummary, summarizeLayers } from './summary.ts';

export interface TrainerOptions {
  model: Model;
  /** `'adam'` by default. */
  optimizer?: OptimizerConfig;
  /**
   * Minus the log of the probability of the label, mean over the batch. `categoricalCrossentropy` takes, in calls with a
   * batch, shares of classes [n, classes] for labels; a data set has classes either way, and mixUp and cutMix their shares.
   */
  loss?: Loss;
  batchSize?: number;
  /** Of initial weights, order of samples and augmentation: an integer from 0 to 2^32 - 1. */
  seed?: number;
  /** Keras' ImageDataGenerator arguments in camelCase, or a list of ops; null for none. `rescale` is 1 / 255 unless given. */
  augmentation?: AugmentationConfig | null;
  /** What becomes of the images as they are: `'replace'` by default, every one is augmented anew each epoch. */
  mix?: Mix;
  /** Augmented copies of each image in an epoch, with `mix: 'merge'`; 1 by default. */
  copies?: number;
}

export type Loss = (typeof losses)[number];
const losses = ['sparseCategoricalCrossentropy', 'categoricalCrossentropy'] as const;

export interface Progress {
  /** Steps of one epoch. */
  epochSteps: number;
  epochs: number;
}

export interface FitOptions {
  epochs?: number;
  validationData?: Dataset;
  /** A new order of the samples each epoch; on by default. */
  shuffle?: boolean;
  /** Aborting it makes `fit` resolve with what was done so far. */
  signal?: AbortSignal;
  onStep?: (record: StepRecord, progress: Progress) => void;
  onEpoch?: (record: EpochRecord) => void;
}

export interface Evaluation {
  /** Mean over the samples. */
  loss: number;
  /** 0 to 1. */
  accuracy: number;
}

/** A training step, dispatch by dispatch. */
export interface TrainingProfile extends StepProfile {
  /** How often a batch's images are gone over to augment them: each is read and written once a pass. */
  augmentationPasses: number;
}

/** Milliseconds: pipelines and buffers; the first data set's upload; the first step from its submission to its end. */
export interface Startup {
  compileMs: number;
  uploadMs: number;
  firstStepMs: number;
}

/**
 * Makes a trainer. Its pipelines compile in the background; its methods wait for them and for each other.
 *
 * @throws ConfigurationError at once for a model, optimizer or option that makes no sense.
 */
export function createTrainer(gpu: Gpu, options: TrainerOptions): Trainer {
  return new Trainer(gpu, options);
}

const isObject = (value: unknown) => typeof value === 'object' && value !== null;
const callback = <F>() => v.optional(v.custom<F>((value) => typeof value === 'function', 'a function'));
const fitOptions = v.strictObject({
  epochs: v.optional(integer(1), 1),
  validationData: v.optional(v.custom<Dataset>(isObject, 'a data set')),
  shuffle: v.optional(v.boolean(), true),
  signal: v.optional(
    v.custom<AbortSignal>((value) => isObject(value) && 'aborted' in (value as object), 'an AbortSignal'),
  ),
  onStep: callback<NonNullable<FitOptions['onStep']>>(),
  onEpoch: callback<NonNullable<FitOptions['onEpoch']>>(),
});
type FilledFitOptions = v.InferOutput<typeof fitOptions>;

const optionNames = ['model', 'optimizer', 'loss', 'batchSize', 'seed', 'augmentation', 'mix', 'copies'];

/** A model with its weights on the GPU. Made by `createTrainer`. */
export class Trainer {
  readonly gpu: Gpu;
  readonly model: CompiledModel;
  readonly batchSize: number;
  readonly startup: Startup = { compileMs: 0, uploadMs: 0, firstStepMs: 0 };
  readonly #optimizer: FilledOptimizer;
  #viewing: Viewing;
  #plain: Viewing;
  readonly #classes: number;
  readonly #seed: number;
  /** Calls with a batch bring shares of classes for labels. */
  readonly #takesShares: boolean;
  /** A loss against shares is wanted at all. */
  readonly #soft: boolean;
  readonly #memory: Memory;
  readonly #cache: KernelCache;
  readonly #reader: RecordReader;
  readonly #ready: Promise<Steps>;
  #scheduler: Scheduler | undefined;
  /** Steps begun, in each ledger: where the next record will lie. */
  #begun = { training: 0, evaluation: 0 };
  readonly #disposal = new AbortController();
  /** Epochs begun by `fit` over the trainer's life, so that a second `fit` draws anew. */
  #epochs = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(gpu: Gpu, options: TrainerOptions) {
    if (!isObject(options)) {
      throw new ConfigurationError({
        what: 'createTrainer wants options',
        found: options,
        wanted: '{ model, optimizer, ... }',
      });
    }
    for (const name of Object.keys(options)) {
      if (!optionNames.includes(name)) {
        throw new ConfigurationError({
          what: `createTrainer has no option ${name}`,
          found: name,
          wanted: optionNames.join(', '),
          fix: suggest(name, optionNames),
        });
      }
    }
    const loss = options.loss ?? 'sparseCategoricalCrossentropy';
    if (!losses.includes(loss)) {
      throw new ConfigurationError({
        what: 'No such loss',
        found: loss,
        wanted: losses.join(' or '),
        ...(typeof loss === 'string' && { fix: suggest(loss, losses) }),
      });
    }
    this.gpu = gpu;
    this.model = compileModel(options.model);
    this.#classes = requireClassifier(this.model).classes;
    this.#optimizer = fillOptimizer(options.optimizer ?? 'adam');
    this.batchSize = parse(integer(1, 65536), options.batchSize ?? 32, 'batchSize');
    this.#seed = parse(integer(0, 2 ** 32 - 1), options.seed ?? 0, 'seed');
    const augmentation = options.augmentation ?? {};
    // What makes no sense is told now; the shape of a data set is known later.
    const { paired } = pipelineFor(augmentation, this.model.inputShape);
    this.#takesShares = loss === 'categoricalCrossentropy';
    this.#soft = this.#takesShares || paired;
    this.#viewing = viewingOf(augmentation, options.mix, options.copies);
    this.#plain = { ...this.#viewing, plain: true };
    this.#memory = new Memory(gpu.device);
    this.#cache = new KernelCache(gpu.device, gpu.traits);
    this.#reader = new RecordReader(this.model);
    this.#ready = this.#prepare();
    this.#ready.catch(() => undefined); // the first method that waits for it tells
  }

  /** Buffers of the trainer, data sets aside, and their bytes on the GPU. */
  get memory(): { buffers: number; bytes: number } {
    return { buffers: this.#memory.buffers, bytes: this.#memory.bytes };
  }

  /** The layers with their output shapes and parameters, in order. */
  summary(): LayerSummary[] {
    return summarizeLayers(this.model);
  }

  /**
   * Trains on a data set: each epoch goes over all of it once, in batches, the last one short. `onStep` and `onEpoch`
   * come in order, up to two submissions behind the GPU.
   *
   * @returns the history; `stopped` when the signal ended it.
   * @throws ConfigurationError for data that doesn't fit, NonFiniteError after three bad steps in a row (with the history
   *   so far), DeviceLostError.
   */
  async fit(dataset: Dataset, options: FitOptions = {}): Promise<History> {
    const filled = parse(fitOptions, options, 'fit');
    requireDataset(dataset);
    if (filled.validationData) requireDataset(filled.validationData);
    return this.#exclusively(async (steps) => {
      const started = performance.now();
      const { training, validation: kept } = splitForTraining(dataset, this.#viewing);
      const validationData = filled.validationData ?? kept;
      await this.#fitAugmentation(training);
      const input = await this.#input(training, this.#viewing, steps, steps.training);
      let validation: DatasetInput | undefined;
      try {
        if (validationData) validation = await this.#input(validationData, this.#plain, steps, steps.evaluation);
        await this.gpu.device.queue.onSubmittedWorkDone();
        if (!this.startup.uploadMs) this.startup.uploadMs = performance.now() - started;
        return await this.#train(steps, input, validation, { ...filled, validationData });
      } finally {
        // A callback that threw, or a device that went away, left submissions under way.
        await this.#scheduler!.abandon();
        input.dispose();
        validation?.dispose();
      }
    });
  }

  async #train(
    steps: Steps,
    input: DatasetInput,
    validation: DatasetInput | undefined,
    { epochs, ...options }: FilledFitOptions,
  ): Promise<History> {
    const { network, training, update } = steps;
    const recording = [
      training.begin,
      ...input.recording,
      ...network.forward,
      input.mixed ? training.softLoss! : training.loss,
      ...network.backward,
      ...training.norms,
      update,
    ];
    const history: History = { epochs: [], steps: [], stopped: false, skippedSteps: 0 };
    const epochSteps = Math.ceil(input.places / this.batchSize);
    const firstStep = this.#begun.training;
    const scheduler = this.#scheduler!;
    const { signal: disposal } = this.#disposal;
    let badInARow = 0;
    const firstSubmitted = performance.now();
    const take = (bytes: ArrayBuffer, count: number) => {
      if (!this.startup.firstStepMs) this.startup.firstStepMs = performance.now() - firstSubmitted;
      for (let i = 0; i < count; i++) {
        const record = this.#reader.read(bytes, i);
        if (!record || disposal.aborted) return;
        record.step -= firstStep;
        record.epoch = history.epochs.length + 1;
        badInARow = record.skipped ? badInARow + 1 : 0;
        if (record.skipped) history.skippedSteps++;
        history.steps.push(record);
        options.onStep?.(record, { epochSteps, epochs });
      }
    };
    const isToStop = () => badInARow >= badStepsToHalt || options.signal?.aborted || disposal.aborted;
    this.#resetHalt(training);
    for (let epoch = 1; epoch <= epochs && !isToStop(); epoch++) {
      const begun = performance.now();
      this.#beginEpoch(training, input, this.#nextOrder(input, options.shuffle));
      let left = epochSteps;
      while (left > 0 && !isToStop()) {
        const submitted = await scheduler.submit(training.records, recording, this.#begun.training + 1, left, take);
        this.#begun.training += submitted;
        left -= submitted;
      }
      await scheduler.drain();
      if (badInARow >= badStepsToHalt) {
        const error = await diagnose(this.gpu, this.#memory, steps, history.steps.length);
        error.history = history;
        this.#resetHalt(training);
        throw error;
      }
      if (left > 0) break;
      const seconds = (performance.now() - begun) / 1000;
      const record = summarize(epoch, history.steps.slice(-epochSteps), seconds);
      if (validation) {
        const { loss, accuracy } = await this.#evaluate(steps, validation, options.validationData!.count);
        record.validationLoss = loss;
        record.validationAccuracy = accuracy;
      }
      history.epochs.push(record);
      options.onEpoch?.(record);
    }
    history.stopped = history.epochs.length < epochs;
    return history;
  }

  /**
   * One step on one batch.
   *
   * @param images [n, height, width, channels] as they are, already scaled; n up to the batch size.
   * @param labels n class indices; with categoricalCrossentropy shares of classes, [n, classes], that sum to one.
   * @throws NonFiniteError when this was the third step in a row whose numbers are not finite.
   */
  trainOnBatch(
    images: Float32Array,
    labels: ArrayLike<number>,
  ): Promise<Evaluation & { gradientNorms: Record<string, number> }> {
    return this.#exclusively(async (steps) => {
      const { network, training, update } = steps;
      this.#writeBatch(steps, training, images, labels);
      const loss = this.#lossOf(training);
      this.#run([training.begin, ...network.forward, loss, ...network.backward, ...training.norms, update]);
      this.#begun.training++;
      const record = await this.#lastRecord(training, this.#begun.training);
      const [state] = await readSlices(this.gpu, this.#memory, [training.state]);
      if (new DataView(state!).getUint32(stateFields.indexOf('halted') * 4, true)) {
        const error = await diagnose(this.gpu, this.#memory, steps, this.#begun.training);
        this.#resetHalt(training);
        throw error;
      }
      return { loss: record.loss, accuracy: record.accuracy, gradientNorms: record.gradientNorms };
    });
  }

  /** Loss and gradients on one batch, without an update. Gradients have Keras' order and layout, like `getWeights`. */
  gradients(
    images: Float32Array,
    labels: ArrayLike<number>,
  ): Promise<{ loss: number; gradientNorms: Record<string, number>; gradients: Float32Array[] }> {
    return this.#exclusively(async (steps) => {
      const { network, evaluation } = steps;
      this.#resetHalt(evaluation); // every call stands for itself
      this.#writeBatch(steps, evaluation, images, labels);
      const loss = this.#lossOf(evaluation);
      this.#run([evaluation.begin, ...network.forward, loss, ...network.backward, ...evaluation.norms]);
      this.#begun.evaluation++;
      const record = await this.#lastRecord(evaluation, this.#begun.evaluation);
      const gradients = await this.#readTensors(network.gradients.tensors);
      return { loss: record.loss, gradientNorms: record.gradientNorms, gradients };
    });
  }

  /** Probabilities [n, classes] of any number of float images [n, height, width, channels], already scaled. */
  predict(images: Float32Array): Promise<Float32Array> {
    return this.#exclusively(async (steps) => {
      const { network, evaluation, probabilities } = steps;
      const elements = this.#imageElements();
      const count = this.#countImages(images);
      const out = this.#memory.storage('predictions', Math.max(1, count * this.#classes));
      try {
        for (let first = 0; first < count; first += this.batchSize) {
          const n = Math.min(this.batchSize, count - first);
          this.#write(network.input, images.subarray(first * elements, (first + n) * elements));
          this.#writeState(evaluation, { seed: this.#seed, epoch: 0, position: 0, samples: n });
          const encoder = this.gpu.device.createCommandEncoder({ label: 'predict' });
          const pass = encoder.beginComputePass();
          replay(pass, [evaluation.begin, ...network.forward, evaluation.loss]);
          pass.end();
          encoder.copyBufferToBuffer(
            probabilities.buffer,
            probabilities.offset,
            out.buffer,
            first * this.#classes * 4,
            n * this.#classes * 4,
          );
          this.gpu.device.queue.submit([encoder.finish()]);
          this.#begun.evaluation++;
        }
        const [bytes] = await readSlices(this.gpu, this.#memory, [out]);
        return new Float32Array(bytes!, 0, count * this.#classes);
      } finally {
        this.#memory.free(out.buffer);
      }
    });
  }

  /** Loss and accuracy on a data set, without augmentation. */
  async evaluate(dataset: Dataset): Promise<Evaluation> {
    requireDataset(dataset);
    return this.#exclusively(async (steps) => {
      const input = await this.#input(dataset, this.#plain, steps, steps.evaluation);
      try {
        return await this.#evaluate(steps, input, dataset.count);
      } finally {
        await this.#scheduler!.abandon();
        input.dispose();
      }
    });
  }

  async #evaluate(steps: Steps, input: DatasetInput, count: number): Promise<Evaluation> {
    const { network, evaluation } = steps;
    const recording = [evaluation.begin, ...input.recording, ...network.forward, evaluation.loss];
    const scheduler = this.#scheduler!;
    const sum = { loss: 0, hits: 0 };
    const take = (bytes: ArrayBuffer, records: number) => {
      for (let i = 0; i < records; i++) {
        const { loss, accuracy, samples } = this.#reader.read(bytes, i)!;
        sum.loss += loss * samples;
        sum.hits += accuracy * samples;
      }
    };
    this.#beginEpoch(
      evaluation,
      input,
      Uint32Array.from({ length: count }, (_, i) => i),
    );
    for (let left = Math.ceil(count / this.batchSize); left > 0; ) {
      this.#disposal.signal.throwIfAborted();
      const submitted = await scheduler.submit(evaluation.records, recording, this.#begun.evaluation + 1, left, take);
      this.#begun.evaluation += submitted;
      left -= submitted;
    }
    await scheduler.drain();
    return { loss: sum.loss / count, accuracy: Math.round(sum.hits) / count };
  }

  /** All weights in Keras' order and layout: kernels [kh, kw, in, out] and [in, out], biases [out], a copy. */
  getWeights(): Promise<Float32Array[]> {
    return this.#exclusively((steps) => this.#readTensors(steps.network.weights.tensors));
  }

  /** Replaces all weights; the optimizer's moments stay. @throws ConfigurationError for another number or other sizes. */
  async setWeights(arrays: readonly ArrayLike<number>[]): Promise<void> {
    const specs = this.model.layers.flatMap((layer) => layer.weights.map((spec) => ({ layer: layer.name, spec })));
    if (arrays?.length !== specs.length) {
      throw new ConfigurationError({
        what: 'setWeights got another number of arrays than the model has',
        found: arrays?.length,
        wanted: `${specs.length}: ${specs.map(({ layer, spec }) => `${layer}.${spec.name}`).join(', ')}`,
      });
    }
    specs.forEach(({ layer, spec }, i) => {
      if (arrays[i]?.length !== elementsOf(spec)) {
        throw new ConfigurationError({
          what: `The ${spec.name} of ${layer} has another size`,
          found: arrays[i]?.length,
          wanted: `[${spec.shape.join(', ')}], ${elementsOf(spec)} numbers`,
        });
      }
    });
    const copies = arrays.map((array) => Float32Array.from(array));
    return this.#exclusively(async (steps) => {
      this.#writeTensors(steps, copies);
      this.#resetHalt(steps.training);
    });
  }

  /**
   * Times each dispatch of a training step on its own, on the first batches of a data set. Weights, optimizer, step and
   * epoch count are put back afterwards.
   */
  async profile(dataset: Dataset, options: { steps?: number } = {}): Promise<TrainingProfile> {
    const rounds = parse(integer(1, 1000), options.steps ?? 5, 'steps');
    requireDataset(dataset);
    return this.#exclusively(async (steps) => {
      const { network, training, update } = steps;
      await this.#fitAugmentation(dataset);
      const input = await this.#input(dataset, this.#viewing, steps, training);
      const kept = [network.weights.all, ...steps.moments, training.state];
      const epochs = this.#epochs;
      const copies = kept.map((slice) => this.#memory.storage(`${slice.label}.kept`, slice.size / 4));
      this.#copy(kept, copies);
      try {
        const recording = [
          training.begin,
          ...input.recording,
          ...network.forward,
          input.mixed ? training.softLoss! : training.loss,
          ...network.backward,
          ...training.norms,
          update,
        ];
        this.#beginEpoch(training, input, this.#nextOrder(input, true));
        for (let i = 0; i < 3; i++) this.#run(recording);
        const profile = await profileRecording(this.gpu, this.#memory, recording, rounds);
        return { ...profile, augmentationPasses: input.passes };
      } finally {
        this.#copy(copies, kept);
        this.#epochs = epochs;
        for (const copy of copies) this.#memory.free(copy.buffer);
        input.dispose();
      }
    });
  }

  /** Calls under way reject, later ones too; the buffers are freed when the GPU is done with them. The device stays. */
  dispose(): void {
    this.#disposal.abort(new ConfigurationError({ what: 'The trainer is disposed of', fix: 'make a new one' }));
    // Not at once: work under way would misuse them, which the device reports as an error of everybody's.
    this.#queue = Promise.allSettled([this.#queue, this.#ready]).then(() => this.#memory.dispose());
  }

  async #prepare(): Promise<Steps> {
    const begun = performance.now();
    const steps = await planSteps(
      this.gpu,
      this.#cache,
      this.#memory,
      this.model,
      this.#optimizer,
      this.batchSize,
      this.#classes,
      this.#reader,
      this.#soft,
    );
    this.#writeTensors(steps, initialWeights(this.model, this.#seed));
    this.#scheduler = new Scheduler(this.gpu, this.#memory, this.#reader.bytes, this.#reader.shape.slots);
    this.startup.compileMs = performance.now() - begun;
    return steps;
  }

  /**
   * Methods take turns: the GPU's buffers are one batch wide. Callers hear at once of a device that is lost or a trainer
   * that is disposed of; the next turn waits until the work has really ended.
   */
  #exclusively<T>(work: (steps: Steps) => Promise<T>): Promise<T> {
    const turn = this.#queue.then(async () => {
      const steps = await this.#ready;
      this.#disposal.signal.throwIfAborted();
      return work(steps);
    });
    this.#queue = turn.catch(() => undefined);
    return unlessAborted(turn, this.gpu.failure, this.#disposal.signal);
  }

  /** Keras' `fit` of the generator, with the first images that are trained on. */
  async #fitAugmentation({ images, imageShape }: Dataset): Promise<void> {
    const { generator } = pipelineFor(this.#viewing.augmentation, imageShape);
    if (!generator || !needsStatistics(generator) || this.#viewing.statistics) return;
    const statistics = await fitStatistics(this.gpu, this.#cache, generator, imageShape, images);
    this.#viewing = { ...this.#viewing, statistics };
    this.#plain = { ...this.#plain, statistics };
  }

  #input(dataset: Dataset, viewing: Viewing, steps: Steps, ledger: Ledger): Promise<DatasetInput> {
    const model = { inputShape: this.model.inputShape, classes: this.#classes };
    const { labels, targets, network } = steps;
    const buffers = { state: ledger.state, labels, targets, input: network.input };
    return planInput(
      this.gpu,
      this.#cache,
      dataset,
      model,
      viewing,
      { batch: this.batchSize, seed: this.#seed },
      buffers,
    );
  }

  #nextOrder(input: DatasetInput, shuffle: boolean): Uint32Array<ArrayBuffer> {
    this.#epochs++;
    return input.orderOf(this.#epochs, shuffle);
  }

  #beginEpoch(ledger: Ledger, input: DatasetInput, order: Uint32Array<ArrayBuffer>): void {
    this.gpu.device.queue.writeBuffer(input.order.buffer, 0, order);
    this.#writeState(ledger, { seed: this.#seed, epoch: this.#epochs, position: 0, samples: order.length });
  }

  #writeState(ledger: Ledger, values: StateValues): void {
    this.gpu.device.queue.writeBuffer(
      ledger.state.buffer,
      ledger.state.offset,
      packState({ ...values, learning_rate: this.#optimizer.learningRate }),
    );
  }

  #resetHalt(ledger: Ledger): void {
    this.#writeState(ledger, { halted: 0, bad_in_a_row: 0 });
  }

  /** The loss that a call with a batch is about. */
  #lossOf(ledger: Ledger): Dispatch {
    return this.#takesShares ? ledger.softLoss! : ledger.loss;
  }

  #writeBatch(steps: Steps, ledger: Ledger, images: Float32Array, labels: ArrayLike<number>): void {
    const count = this.#countImages(images);
    const each = this.#takesShares ? this.#classes : 1;
    if (count > this.batchSize || count * each !== labels?.length || count === 0) {
      throw new ConfigurationError({
        what: "The batch doesn't fit",
        found: `${count} images and ${labels?.length ?? 'no'} labels`,
        wanted: `1 to ${this.batchSize} images, ${each === 1 ? 'a label' : `${each} shares of classes`} each`,
        ...(count > this.batchSize && { fix: 'create the trainer with a larger batchSize' }),
      });
    }
    if (this.#takesShares) {
      requireShares(labels, this.#classes);
      this.#write(steps.targets!, Float32Array.from(labels));
    } else {
      requireLabels(labels, this.#classes);
      this.#write(steps.labels, Uint32Array.from(labels));
    }
    this.#writeImages(steps.network.input, images);
    this.#writeState(ledger, { seed: this.#seed, epoch: this.#epochs, position: 0, samples: count });
  }

  #imageElements(): number {
    return this.model.inputShape.reduce((a, b) => a * b, 1);
  }

  #countImages(images: Float32Array): number {
    const elements = this.#imageElements();
    const count = images?.length / elements;
    if (!(images instanceof Float32Array) || !Number.isInteger(count)) {
      throw new ConfigurationError({
        what: "The images don't match the model's input",
        found: `${(images as object)?.constructor?.name ?? typeof images} of ${(images as Float32Array)?.length}`,
        wanted: `a Float32Array of n x ${this.model.inputShape.join(' x ')} = n x ${elements} numbers`,
      });
    }
    return count;
  }

  #write(slice: Slice, values: Float32Array | Uint32Array): void {
    this.gpu.device.queue.writeBuffer(slice.buffer, slice.offset, values as Float32Array<ArrayBuffer>);
  }

  /** The slots behind the last image are zeroed: an earlier batch's NaN there times a gradient of zero is still NaN. */
  #writeImages({ buffer, label, offset, size }: Slice, images: Float32Array): void {
    this.#write({ buffer, label, offset, size }, images);
    if (images.byteLength === size) return;
    const encoder = this.gpu.device.createCommandEncoder({ label: 'empty slots' });
    encoder.clearBuffer(buffer, offset + images.byteLength, size - images.byteLength);
    this.gpu.device.queue.submit([encoder.finish()]);
  }

  #writeTensors(steps: Steps, arrays: readonly Float32Array[]): void {
    for (const [i, slice] of steps.network.weights.tensors.entries()) this.#write(slice, arrays[i]!);
  }

  #run(recording: Recording): void {
    const encoder = this.gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    replay(pass, recording);
    pass.end();
    this.gpu.device.queue.submit([encoder.finish()]);
  }

  #copy(from: readonly Slice[], to: readonly Slice[]): void {
    const encoder = this.gpu.device.createCommandEncoder();
    from.forEach((slice, i) => {
      encoder.copyBufferToBuffer(slice.buffer, slice.offset, to[i]!.buffer, to[i]!.offset, slice.size);
    });
    this.gpu.device.queue.submit([encoder.finish()]);
  }

  async #lastRecord(ledger: Ledger, step: number): Promise<StepRecord> {
    const slot = step % this.#reader.shape.slots;
    const { buffer, offset, label } = ledger.records;
    const [bytes] = await readSlices(this.gpu, this.#memory, [
      { buffer, label, offset: offset + slot * this.#reader.bytes, size: this.#reader.bytes },
    ]);
    return this.#reader.read(bytes!, 0)!;
  }

  async #readTensors(tensors: readonly Slice[]): Promise<Float32Array[]> {
    const specs = this.model.layers.flatMap((layer) => layer.weights);
    const bytes = await readSlices(this.gpu, this.#memory, tensors);
    return bytes.map((buffer, i) => new Float32Array(buffer, 0, elementsOf(specs[i]!)));
  }
}
