import type { TwinOptions } from '../../compare/twin_options.ts';
import type { PairRecord } from '../../compare/twin_record.ts';
import type { DatasetParts, ReadingReport, UserFilesOptions } from '../../data/index.ts';
import type { LabeledPictures, PictureFile } from '../../data/labeled_pictures.ts';
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
import type { LaunchChoice } from '../../selftest/kernel_launches.ts';
import type { KernelTimes, TimedNetwork } from '../../selftest/time_kernel.ts';
import type { StateReason } from '../../session/newest_state.ts';
import type { ResumePoint } from '../../session/resume_point.ts';
import type { Keep, RunResult } from '../../session/training_run.ts';
import type { PackedSnapshot } from '../packed_snapshot.ts';
import type { PicturePrediction } from './model_files.ts';

/** How far the self-test is. */
export interface SelfTestProgress {
  done: number;
  total: number;
}

/** A step of one of two twins: how far their pair is. */
export interface TwinEvent {
  twin: 'a' | 'b';
  /** From 1, over the whole run. */
  step: number;
  steps: number;
  epoch: number;
  loss: number;
}

/** The command and its page exchange JSON, errors included. */
export type Outcome<Value> = { value: Value } | { error: PageError };

/** One of wgrad's own errors, or the stack of an unexpected one. */
export type PageError = { parts: ErrorParts; exitCode: number; name: string } | { stack: string };

export interface SheetOrder {
  augmentation: AugmentationConfig;
  seed: number;
  /** Images of the training set, from the first on. */
  images: number;
  draws: number;
  /** A part for each op, under its name. */
  each: boolean;
  /** Every single image as well. */
  singles: boolean;
}

/** PNG files, base64. */
export interface Pictures {
  sheet: string;
  singles: { name: string; png: string }[];
}

/** How long a `fit` of the page trains, and which states it sends to the command. */
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
  /** From the state that the command serves. */
  continues: boolean;
}

/** Where a run is resumed, as the command serves it: its numbers are packed. */
export interface ServedState {
  state: PackedSnapshot;
  from: Omit<ResumePoint, 'snapshot'>;
}

/** A picture that the command serves under its index. */
export interface ServedPicture extends Pick<PictureFile, 'path' | 'format'> {
  size: number;
}

export type UserPictureOptions = Omit<UserFilesOptions, 'onProgress' | 'signal'>;

/** How pictures were read, without the images: the page sends those separately, as bytes. */
export interface PicturesRead {
  train: ReadPart;
  validation?: ReadPart;
  test: ReadPart;
  report: ReadingReport;
}

type ReadPart = Omit<DatasetParts, 'images' | 'labels' | 'targets' | 'source'> & {
  labels: number[];
  targets?: number[];
  /** Which of the pictures its images are, where they stay in their files. */
  pictures?: number[];
};

/** Labeled pictures in the form in which the command sends them to the page, which fetches their bytes. */
export type SentPictures = Omit<LabeledPictures, 'files' | 'targets'> & {
  files: readonly ServedPicture[];
  targets?: { names: string[]; of: [path: string, numbers: readonly number[]][] };
};

/** The page's API, `window.wgrad`. */
export interface Page {
  /** @param timeout milliseconds for each answer of the browser. */
  open(adapter: 'auto' | 'software' | 'hardware', timeout: number): Promise<Outcome<AdapterFacts>>;
  /** Reads the pictures that the command serves. */
  readPictures(pictures: SentPictures, options: UserPictureOptions): Promise<Outcome<PicturesRead>>;
  /** Fetches the data set that the command serves, and makes the trainer. */
  prepare(run: TrainerOptions): Promise<Outcome<LayerSummary[]>>;
  /** Fetches the state that the command serves and restores it: `fit` continues from there. */
  restore(): Promise<Outcome<void>>;
  /** With `keep` it sends states to the command: the page may not live to be asked. */
  fit(order: FitOrder): Promise<Outcome<RunResult>>;
  snapshot(): Promise<Outcome<PackedSnapshot>>;
  /** Evaluates the test images; the numbers of the result are packed. */
  evaluate(options: EvaluateOptions): Promise<Outcome<Evaluation>>;
  /** Fetches the run that the command serves as `modelFile`, and opens its model; its layers. */
  openModel(): Promise<Outcome<LayerSummary[]>>;
  /** Gives the layers of the trainer the weights of those with their names and shapes in the run that the command serves. */
  takeWeights(): Promise<Outcome<Omit<TransferredWeights, 'weights'>>>;
  /**
   * Asks the opened model about the pictures that the command serves.
   *
   * @param order their indices.
   * @param top classes of each; undefined for the outputs as numbers.
   */
  predict(order: readonly number[], top: number | undefined): Promise<Outcome<PicturePrediction[]>>;
  /** The opened model on the test images that the command serves, its numbers packed. */
  evaluateModel(options: EvaluateOptions): Promise<Outcome<Evaluation>>;
  /** PNGs of augmented images of the data set that the command serves. */
  sheet(order: SheetOrder): Promise<Outcome<Pictures>>;
  /** Fetches the data set that the command serves, and checks that twins are twins. */
  prepareTwins(twins: TwinOptions): Promise<Outcome<{ a: LayerSummary[]; b: LayerSummary[] }>>;
  /** With its numbers packed; nothing when it was stopped. */
  trainPair(order: PairOrder): Promise<Outcome<PairRecord | undefined>>;
  /** Times the kernels of a trainer; nothing where `auto` has no clock to do it with. */
  tune(order: TuningOrder): Promise<Outcome<TuneResult | undefined>>;
  /** Times one kernel alone, in its variants. */
  timeKernel(order: KernelOrder): Promise<Outcome<KernelTimes>>;
  /** A sentence for each chosen variant that fits no kernel of a trainer. */
  variantWarnings(trainer: TrainerOptions): Promise<Outcome<string[]>>;
  profile(options: ProfileOptions): Promise<Outcome<TrainingProfile>>;
  findLearningRate(
    options: Pick<LearningRateFinderOptions, 'from' | 'to' | 'steps'>,
  ): Promise<Outcome<LearningRateCurve>>;
  /** Checks the GPU, on a device of its own. */
  selfTest(order: { adapter: 'software' | 'hardware'; only?: string }): Promise<Outcome<SelfTestReport>>;
  /** Ends `fit` after the step that it is in. */
  stop(): void;
}

declare global {
  interface Window {
    wgrad: Page;
    /** Exposed by the command: receives the events of training, their numbers packed. */
    wgradEvents(events: unknown[]): Promise<void>;
    /** Exposed by a command that keeps states of the run. */
    wgradKeep(state: PackedSnapshot, reason: StateReason): Promise<void>;
    /** Exposed by a command that keeps what the tuner found. */
    wgradKeepTuning(cache: string): Promise<void>;
    /** Exposed by a command that keeps the state of the pair of twins that runs. */
    /** How many of the pictures have been read: half of them when the sizes of all are known. */
    wgradReading(done: number, total: number): Promise<void>;
    wgradKeepPair(state: PackedSnapshot): Promise<void>;
  }
}
