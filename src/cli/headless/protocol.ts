import type { TwinOptions } from '../../compare/twin_options.ts';
import type { PairRecord } from '../../compare/twin_record.ts';
import type { ImageForm } from '../../data/picture_decoder.ts';
import type { ErrorParts } from '../../errors.ts';
import type {
  AdapterFacts,
  AugmentationConfig,
  EvaluateOptions,
  Evaluation,
  FitSettings,
  LayerSummary,
  LearningRateCurve,
  LearningRateFinderOptions,
  ProfileOptions,
  SelfTestReport,
  TrainerOptions,
  TrainingProfile,
  TuneOptions,
  TuneResult,
} from '../../index.ts';
import type { TransferredWeights } from '../../model/transfer.ts';
import type { ChangeReport, ShaderChange } from '../../selftest/changed_shader.ts';
import type { LaunchChoice } from '../../selftest/kernel_launches.ts';
import type { KernelTimes, TimedNetwork } from '../../selftest/time_kernel.ts';
import type { StateReason } from '../../session/newest_state.ts';
import type { ResumePoint } from '../../session/resume_point.ts';
import type { Keep, RunResult } from '../../session/training_run.ts';
import type { PackedSnapshot } from '../packed_snapshot.ts';
import type { PicturePrediction } from './model_files.ts';

/** Progress of the self-test. */
export interface SelfTestProgress {
  done: number;
  total: number;
}

/** A step of one of two twins: the progress of their pair. */
export interface TwinEvent {
  twin: 'a' | 'b';
  /** Counted from 1, over the whole run. */
  step: number;
  steps: number;
  epoch: number;
  loss: number;
}

/** The command and its page exchange JSON, including errors. */
export type Outcome<Value> = { value: Value } | { error: PageError };

/** One of wgrad's own errors, or the stack of an unexpected one. */
export type PageError = { parts: ErrorParts; exitCode: number; name: string } | { stack: string };

export interface SheetOrder {
  augmentation: AugmentationConfig;
  seed: number;
  /** Number of training images, taken from the beginning. */
  images: number;
  draws: number;
  /** Draw a separate part for each op, titled with its name. */
  each: boolean;
  /** Also return every image on its own. */
  singles: boolean;
}

/** PNG files in base64. */
export interface Pictures {
  sheet: string;
  singles: { name: string; png: string }[];
}

/** How long the page's `fit` trains, and which states it sends to the command. */
export interface FitOrder {
  epochs: number;
  keep?: Keep;
  fit?: FitSettings;
}

/** Which kernels the page times: those of a trainer with these options. */
export interface TuningOrder extends Pick<TuneOptions, 'cache'> {
  trainer: TrainerOptions;
  mode: 'auto' | 'full';
}

/** Which kernel the page times, and how often. */
export interface KernelOrder {
  network: TimedNetwork;
  choice: LaunchChoice;
  rounds: number;
}

/** Which pair of twins the page trains. */
export interface PairOrder {
  seed: number;
  epochs: number;
  /** Whether to continue from the state that the command serves. */
  continues: boolean;
}

/** The state from which a run is resumed, as the command serves it: its numbers are packed. */
export interface ServedState {
  state: PackedSnapshot;
  from: Omit<ResumePoint, 'snapshot'>;
}

/** The size of each picture of a batch, or the browser's reason why it cannot be decoded. The page sends the pixels separately. */
export type DecodedBatch = ({ width: number; height: number } | { failed: string })[];

/** The page's API, `window.wgrad`. */
export interface Page {
  /** @param timeout time limit in milliseconds for each of the browser's answers. */
  open(
    adapter: 'auto' | 'software' | 'hardware',
    timeout: number,
    tensorCores: boolean,
  ): Promise<Outcome<AdapterFacts>>;
  /** Decodes a batch of pictures that the command serves under its number. */
  decodePictures(batch: number, count: number, form: ImageForm): Promise<Outcome<DecodedBatch>>;
  /** Fetches the data set that the command serves, and creates the trainer. */
  prepare(run: TrainerOptions): Promise<Outcome<LayerSummary[]>>;
  /** Fetches the state that the command serves and restores it, so that `fit` continues from there. */
  restore(): Promise<Outcome<void>>;
  /** With `keep`, the page sends states to the command on its own initiative, because it may be lost before the command can request one. */
  fit(order: FitOrder): Promise<Outcome<RunResult>>;
  snapshot(): Promise<Outcome<PackedSnapshot>>;
  /** Evaluates the test images; the numbers of the result are packed. */
  evaluate(options: EvaluateOptions): Promise<Outcome<Evaluation>>;
  /** Fetches the run that the command serves as `modelFile`, and opens its model. Returns the layers. */
  openModel(): Promise<Outcome<LayerSummary[]>>;
  /** Copies weights from the run that the command serves to the trainer's layers with the same names and shapes. */
  takeWeights(): Promise<Outcome<Omit<TransferredWeights, 'weights'>>>;
  /**
   * Classifies the pictures that the command serves with the opened model.
   *
   * @param order indices of the pictures.
   * @param top number of classes returned for each; undefined for the outputs as numbers.
   */
  predict(order: readonly number[], top: number | undefined): Promise<Outcome<PicturePrediction[]>>;
  /** Evaluates the opened model on the test images that the command serves; the numbers of the result are packed. */
  evaluateModel(options: EvaluateOptions): Promise<Outcome<Evaluation>>;
  /** Draws PNGs of augmented images of the data set that the command serves. */
  sheet(order: SheetOrder): Promise<Outcome<Pictures>>;
  /** Fetches the data set that the command serves, and checks that the twins differ only in their variable. */
  prepareTwins(twins: TwinOptions): Promise<Outcome<{ a: LayerSummary[]; b: LayerSummary[] }>>;
  /** The numbers of the result are packed; undefined if the pair was stopped. */
  trainPair(order: PairOrder): Promise<Outcome<PairRecord | undefined>>;
  /** Times the kernels of a trainer; undefined if the mode is `auto` and there is no clock. */
  tune(order: TuningOrder): Promise<Outcome<TuneResult | undefined>>;
  /** Times a single kernel in all its variants. */
  timeKernel(order: KernelOrder): Promise<Outcome<KernelTimes>>;
  /** Checks and times the kernels of edited shaders. */
  changedShader(change: ShaderChange): Promise<Outcome<ChangeReport>>;
  /** A warning for each chosen variant that fits no kernel of the trainer. */
  variantWarnings(trainer: TrainerOptions): Promise<Outcome<string[]>>;
  profile(options: ProfileOptions): Promise<Outcome<TrainingProfile>>;
  findLearningRate(
    options: Pick<LearningRateFinderOptions, 'from' | 'to' | 'steps'>,
  ): Promise<Outcome<LearningRateCurve>>;
  /** Checks the GPU on a separate device. */
  selfTest(order: {
    adapter: 'software' | 'hardware';
    tensorCores: boolean;
    only?: string;
  }): Promise<Outcome<SelfTestReport>>;
  /** Ends `fit` after the current step. */
  stop(): void;
}

declare global {
  interface Window {
    wgrad: Page;
    /** Exposed by the command: receives the events of training, with their numbers packed. */
    wgradEvents(events: unknown[]): Promise<void>;
    /** Exposed by commands that keep states of the run. */
    wgradKeep(state: PackedSnapshot, reason: StateReason): Promise<void>;
    /** Exposed by commands that keep the tuner's results. */
    wgradKeepTuning(cache: string): Promise<void>;
    /** Exposed by commands that keep the state of the running pair of twins. */
    wgradKeepPair(state: PackedSnapshot): Promise<void>;
  }
}
