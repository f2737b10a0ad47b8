import type { FeatureStatistics } from '../augment/image_data_generator.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Kernel } from '../gpu/kernel.ts';
import { Memory, type Slice } from '../gpu/memory.ts';
import { Recorder } from '../gpu/recorder.ts';
import type { Dispatch, Recording } from '../gpu/recording.ts';
import { submit } from '../gpu/submission.ts';
import type { RecordReader } from '../health/records.ts';
import type { VerdictWatch, WatchState } from '../health/verdicts.ts';
import { packState, type StateValues } from '../kernels/state.ts';
import { drawWeights, hasFurtherInitializers } from '../model/initializers.ts';
import type { FilledLearningRate } from '../model/schedule.ts';
import { type Bound, bindPlan } from '../plan/bind.ts';
import { type DatasetInput, planInput } from '../plan/input.ts';
import { type Sequence, shareMemory } from '../plan/liveness.ts';
import type { InputView } from '../plan/mix.ts';
import { pipelineFor } from '../plan/pipeline_for.ts';
import type { Planner } from '../plan/planner.ts';
import type { ProbePlan } from '../plan/probe_plan.ts';
import { type Settings, stepSamples } from '../plan/settings.ts';
import { type BoundState, type BoundSteps, sequencesOf } from '../plan/steps.ts';
import type { CallbackStates } from './callbacks/index.ts';
import { GpuSchedule } from './gpu_schedule.ts';
import { Interludes } from './interludes.ts';
import type { KernelUpgrades } from './kernel_upgrades.ts';
import { planEngine, warningsOf } from './plan_engine.ts';
import { Scheduler } from './scheduler.ts';
import type { WhichWeights } from './which_weights.ts';

/** A bound probe, with the buffer from which the host reads its results. */
export type BoundProbe = Bound<ProbePlan> & { staging: GPUBuffer };

/** Start-up times in milliseconds. */
export interface Startup {
  /** Creating pipelines and buffers, in milliseconds. */
  compileMs: number;
  /** Uploading the first data set, in milliseconds. */
  uploadMs: number;
  /** The first step, from its submission to its end, in milliseconds. */
  firstStepMs: number;
}

/** The state shared by all methods of a trainer: everything on the GPU, and the progress of training. */
export class Engine {
  readonly gpu: Gpu;
  readonly settings: Settings;
  readonly memory: Memory;
  readonly steps: BoundSteps;
  readonly schedule: GpuSchedule;
  /** Present if health is `full`. */
  readonly probe?: BoundProbe;
  readonly reader: RecordReader;
  readonly scheduler: Scheduler;
  readonly startup: Startup;
  /** A warning for each chosen variant that fits no kernel of the network. */
  readonly variantWarnings: readonly string[];
  /** Present once faster kernels have been requested: see kernel_upgrades.ts. */
  upgrades?: KernelUpgrades;
  /** Aborted when the trainer is disposed. */
  readonly disposal: AbortSignal;
  readonly interludes = new Interludes();
  /** Computes verdicts on the steps of the current or last `fit`. */
  watch: VerdictWatch | undefined;
  /** State of the health watch from a restored snapshot. */
  watchBefore: WatchState | undefined;
  /** Callback states of the current or last `fit`, or of the snapshot that `fit` will resume from. */
  keptByCallbacks: { states?: CallbackStates | undefined; bestWeights?: Float32Array[] } = {};
  /** True if the state is that of a restored snapshot and no step has been trained since. */
  isRestored = false;
  #inputView: InputView;
  readonly #steps = { training: 0, evaluation: 0 };
  #lastUpdate: number | undefined;
  #epochs = 0;
  readonly #recorder: Recorder;
  /** GPU memory without data sets and without temporary buffers of single calls. */
  readonly #networkBytes: number;

  private constructor(
    recorder: Recorder,
    settings: Settings,
    steps: BoundSteps,
    probe: BoundProbe | undefined,
    reader: RecordReader,
    startup: Startup,
    variantWarnings: readonly string[],
    disposal: AbortSignal,
  ) {
    const { gpu, memory } = recorder;
    this.#recorder = recorder;
    this.gpu = gpu;
    this.settings = settings;
    this.memory = memory;
    this.steps = steps;
    if (probe) this.probe = probe;
    this.schedule = new GpuSchedule(recorder, steps, settings);
    this.reader = reader;
    this.scheduler = new Scheduler(gpu, memory, reader.bytes, reader.shape.slots);
    this.#networkBytes = memory.bytes;
    this.startup = startup;
    this.variantWarnings = variantWarnings;
    this.disposal = disposal;
    this.#inputView = settings.inputView;
  }

  /**
   * Loads the code that the options need, creates all buffers and pipelines, and initializes the weights.
   *
   * @throws ConfigurationError for an invalid augmentation.
   */
  static async start(
    gpu: Gpu,
    given: Settings,
    memory: Memory,
    startup: Startup,
    disposal: AbortSignal,
  ): Promise<Engine> {
    const begun = performance.now();
    const { settings, reader, planner, stepPlan } = await planEngine(gpu, given, memory);
    const { model, optimizer, batchSize, seed, health } = settings;
    const recorder = new Recorder(gpu, memory);
    const sequences = sequencesOf(stepPlan);
    let probePlan: ProbePlan | undefined;
    if (health === 'full') {
      // Loaded on demand.
      const { planProbe, probeSequences } = await import('./probing.ts');
      probePlan = planProbe(planner, model, stepPlan, { batch: batchSize, optimizer });
      sequences.push(...probeSequences(stepPlan, probePlan));
    }
    const plan = { steps: stepPlan, ...(probePlan && { probe: probePlan }) };
    const drawn = async () => {
      // Loaded on demand.
      const further = hasFurtherInitializers(model) ? await import('../model/initial_weights.ts') : undefined;
      return drawWeights(model, seed, further?.furtherValues);
    };
    const [{ steps, probe: boundProbe }, weights] = await Promise.all([
      bindPlan(recorder, shareMemory(planner.buffers, sequences), plan),
      drawn(), // while the browser compiles
    ]);
    const probe = boundProbe && {
      ...boundProbe,
      staging: memory.staging('probe.staging', boundProbe.results.all.size),
    };
    const warnings = await warningsOf(planner);
    const engine = new Engine(recorder, settings, steps, probe, reader, startup, warnings, disposal);
    engine.writeTensors(weights);
    startup.compileMs = performance.now() - begun;
    return engine;
  }

  /** A dispatch that is not part of the plan. The kernel is compiled once. */
  dispatch<S>(kernel: Kernel<S>, shape: S, buffers: Record<string, Slice>): Promise<Dispatch> {
    return this.#recorder.dispatch(kernel, shape, buffers);
  }

  /** Creates the GPU objects of another plan, in its own buffers, which live as long as the trainer. */
  bind<T>(planner: Planner, sequences: readonly Sequence[], planned: T): Promise<Bound<T>> {
    return bindPlan(this.#recorder, shareMemory(planner.buffers, sequences), planned);
  }

  /** Keras' `fit` of the generator, on the first images that are trained on. */
  async fitAugmentation(dataset: Dataset): Promise<void> {
    const { imageShape } = dataset;
    const { generator } = pipelineFor(this.inputView.augmentation, imageShape);
    if (!generator?.featurewiseCenter || this.inputView.statistics) return;
    const { fitStatistics } = await import('../augment/fit.ts'); // loaded on demand
    const memory = new Memory(this.gpu.device);
    const statistics = await fitStatistics(this.#recorder.into(memory), generator, imageShape, dataset).finally(() =>
      memory.dispose(),
    );
    this.useStatistics(statistics);
  }

  /**
   * @param alsoPlain also record how the same samples are uploaded unaugmented.
   * @param weights sample weights, [count].
   * @param blank upload nothing, because a kernel generates the images.
   */
  async input(
    dataset: Dataset,
    inputView: InputView,
    stepState: BoundState,
    {
      alsoPlain = false,
      weights,
      inference = false,
      blank = false,
    }: { alsoPlain?: boolean; weights?: Float32Array; inference?: boolean; blank?: boolean } = {},
  ): Promise<DatasetInput> {
    const { model, outputs, loss, batchSize, seed } = this.settings;
    const { labels, targets, network, training } = this.steps;
    const isTrained = stepState === training;
    const step = isTrained ? stepSamples(this.settings) : batchSize;
    const input = await planInput(
      this.#recorder,
      dataset,
      { inputShape: model.inputShape, outputs, loss },
      inputView,
      {
        batch: batchSize,
        seed,
        alsoPlain,
        blank,
        step,
        ...(await this.#budgetOf(isTrained)),
        ...(weights && { weights }),
      },
      { state: stepState.state, labels, targets, input: network.input },
    );
    if (!input.weights) return input;
    const { weighInput } = await import('./weighted_loss.ts'); // loaded on demand
    return weighInput(this, input, stepState, inference);
  }

  /**
   * GPU memory for the images of a data set, in bytes. Of the budget that the network leaves, the training images get half and
   * those of an evaluation a quarter. The last quarter is for intermediate images of a batch, and for calls during a `fit`.
   */
  async #budgetOf(isTrained: boolean): Promise<{ budget?: number }> {
    const { memoryBudget } = this.settings;
    if (memoryBudget === undefined) return {};
    const left = memoryBudget - this.#networkBytes;
    if (left > 0) return { budget: Math.floor(left / (isTrained ? 2 : 4)) };
    const { overBudget } = await import('../plan/too_large.ts'); // loaded on demand
    throw overBudget(memoryBudget, this.#networkBytes, this.settings.batchSize);
  }

  /** @param again true to repeat the epoch that was started last. */
  nextOrder(input: DatasetInput, shuffle: boolean, again = false): Uint32Array<ArrayBuffer> {
    if (!again) this.#epochs++;
    return input.orderOf(this.#epochs, shuffle);
  }

  /**
   * @param position number of samples of the epoch that have already been used.
   * @param follow returns the next epoch, whose first images are then read ahead.
   */
  beginEpoch(
    stepState: BoundState,
    input: DatasetInput,
    order: Uint32Array<ArrayBuffer>,
    position = 0,
    follow?: Parameters<DatasetInput['begin']>[1]['follow'],
  ): void {
    input.begin(order, { epoch: this.epochs, position, ...(follow && { follow }) });
    this.beginSamples(stepState, order.length, position);
  }

  /** Resets the record of which units were positive. */
  forgetUnits(): void {
    const positive = this.steps.measurement?.positive;
    if (positive) this.write(positive, new Uint32Array(positive.size / 4));
  }

  /** Writes the state for the next step, with its number of samples. */
  beginSamples(stepState: BoundState, samples: number, position = 0): void {
    this.writeState(stepState, { seed: this.settings.seed, epoch: this.epochs, position, samples });
  }

  writeState(stepState: BoundState, values: StateValues): void {
    const { buffer, offset } = stepState.state;
    this.gpu.device.queue.writeBuffer(buffer, offset, packState(values));
  }

  /**
   * @param badInARow number of consecutive non-finite steps up to now.
   * @param atOnce halt at the next non-finite step instead of after several in a row.
   */
  resetHalt(stepState: BoundState, { badInARow = 0, atOnce = false } = {}): void {
    this.writeState(stepState, { halted: 0, bad_in_a_row: badInARow, halt_at_once: Number(atOnce) });
  }

  write(slice: Slice, values: Float32Array | Uint32Array): void {
    this.gpu.device.queue.writeBuffer(slice.buffer, slice.offset, values as Float32Array<ArrayBuffer>);
  }

  /** Writes all weights, and restarts the moving average at these weights. */
  writeTensors(arrays: readonly Float32Array[]): void {
    this.#lastUpdate = undefined;
    const { network, average } = this.steps;
    for (const [i, slice] of network.tensors.entries()) this.write(slice, arrays[i]!);
    if (average) this.copy([network.weights.all], [average.all]);
  }

  /**
   * Runs work with the moving averages in place of the trained weights, as Keras' SwapEMAWeights does, and then restores the
   * weights. If `which` is `'current'`, or the optimizer keeps no averages, it runs with the current weights. No training step
   * may be in flight.
   */
  async withWeights<T>(which: WhichWeights, work: () => Promise<T>): Promise<T> {
    const { average, network } = this.steps;
    if (!average || which === 'current') return work();
    const weights = network.weights.all;
    this.copy([weights, average.all], [average.kept, weights]);
    try {
      return await work();
    } finally {
      this.copy([average.kept], [weights]);
    }
  }

  /**
   * Makes the recordings use the kernels of the next step. Call it before steps are submitted.
   *
   * @param ahead number of steps that the run still has. Kernels for later steps are not compiled.
   * @returns the maximum number of steps to submit before the next call.
   */
  async useKernelsOfStep(ahead = 0): Promise<number> {
    if (this.steps.upgradable.length === 0) return Infinity;
    // Compiling others would delay the first steps.
    if (this.#steps.training < 2 && !this.upgrades) return 2;
    return (await import('./kernel_upgrades.ts')).useKernelsOfStep(this, ahead);
  }

  run(recording: Recording): void {
    submit(this.gpu.device, 'run', (work) => work.compute(recording));
  }

  copy(from: readonly Slice[], to: readonly Slice[]): void {
    submit(this.gpu.device, 'copy', (work) => {
      for (const [i, slice] of from.entries()) work.copy(slice, to[i]!);
    });
  }

  /** Number of training steps started, which also determines the position of the last record in the ring. */
  get trainingSteps(): number {
    return this.#steps.training;
  }

  get evaluationSteps(): number {
    return this.#steps.evaluation;
  }

  /** @returns the number of the last of the steps that start now. */
  trainingBegan(steps = 1): number {
    this.isRestored = false;
    this.#steps.training += steps;
    return this.#steps.training;
  }

  /** The same for steps that don't affect training. */
  evaluationBegan(steps = 1): number {
    this.#steps.evaluation += steps;
    return this.#steps.evaluation;
  }

  /** The last step that changed the current weights; undefined after the host has replaced them. */
  get lastUpdate(): number | undefined {
    return this.#lastUpdate;
  }

  /** Records that a step changed the weights. */
  noteUpdate(step: number): void {
    this.#lastUpdate = step;
  }

  /** Epochs started by `fit` over the trainer's lifetime, so that a second `fit` uses other random numbers. */
  get epochs(): number {
    return this.#epochs;
  }

  /** Reverts the start of the last epoch, if none of it was trained. */
  undoEpoch(): void {
    this.#epochs--;
  }

  /** Continues from the progress of a snapshot. */
  async resumeAt({
    epochs,
    step,
    learningRate,
  }: {
    epochs: number;
    step?: number;
    learningRate?: FilledLearningRate;
  }): Promise<void> {
    this.#epochs = epochs;
    this.#steps.training = step ?? this.#steps.training;
    if (learningRate !== undefined) await this.schedule.setLearningRate(learningRate);
    await this.useKernelsOfStep();
  }

  /** How the images of a data set are turned into input for training and evaluation; evaluation uses no augmentation. */
  get inputView(): InputView {
    return this.#inputView;
  }

  get plain(): InputView {
    return { ...this.#inputView, plain: true };
  }

  useInputView(inputView: InputView): void {
    this.#inputView = inputView;
  }

  /** Sets the statistics of the images of the first `fit`. */
  useStatistics(statistics: FeatureStatistics): void {
    this.#inputView = { ...this.#inputView, statistics };
  }
}
