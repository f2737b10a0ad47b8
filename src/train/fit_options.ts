import * as v from 'valibot';
import { integer, isObject, parse } from '../check.ts';
import type { Dataset } from '../data/dataset.ts';
import type { ProbeRecord, RunVerdict, Verdict } from '../health/health.ts';
import type { EpochRecord, StepRecord } from '../health/history.ts';
import { type FilledMetric, fillMetrics, type MetricConfig } from '../model/metrics/index.ts';
import { type CheckpointEvery, checkpointEverySchema } from './checkpoint_every.ts';
import { type FilledFitSettings, type FitSettings, fillOtherSettings } from './fit_settings.ts';
import { Pace } from './pace.ts';
import type { Snapshot } from './snapshot.ts';

/** The length of the run. */
export interface Progress {
  /** Steps per epoch. */
  epochSteps: number;
  /** Total number of epochs. */
  epochs: number;
}

export interface FitOptions extends FitSettings {
  /** Number of the last epoch. The first is 1, or follows `initialEpoch`. */
  epochs?: number;
  /** Number of epochs trained before a restored snapshot: Keras' `initial_epoch`. Records continue its count. */
  initialEpoch?: number;
  /**
   * For a snapshot from the middle of an epoch, the records of that epoch's steps so far. They are not repeated: the first epoch is the
   * rest of that epoch, and its record includes these steps, but not their time. If the snapshot has no `health`, units that were active in
   * them count as dead until they are active again.
   */
  initialSteps?: readonly StepRecord[];
  /** The last verdicts of the run so far, since only changes are reported. */
  initialVerdicts?: readonly Verdict[];
  /** Data to evaluate after each epoch; none by default. */
  validationData?: Dataset;
  /** Metrics on the validation data besides loss and accuracy; the trainer's `metrics` by default. */
  metrics?: readonly MetricConfig[];
  /**
   * Weight of each sample in the loss: [count], finite and >= 0. Keras' sample_weight; multiplied by the class weight. The data
   * set's `sampleWeights` by default.
   */
  sampleWeight?: Float32Array;
  /** Shuffle the samples in each epoch; true by default. */
  shuffle?: boolean;
  /**
   * Whether `History.steps` include their `health`; true by default. `onStep` gets it either way, so false keeps a long run
   * small.
   */
  keepHealth?: boolean;
  /** Abort it to end `fit`, which then resolves with the history so far. */
  signal?: AbortSignal;
  /** Pauses, single-steps and resumes the run from outside. */
  pace?: Pace;
  /** Called after each step, in order, up to two submissions after the GPU's work. */
  onStep?: (record: StepRecord, progress: Progress) => void;
  /** Called after each epoch and its validation. */
  onEpoch?: (record: EpochRecord) => void;
  /** Called with a layer's first verdict and every change, after the step that caused it. */
  onVerdict?: (verdict: Verdict) => void;
  /** Called when the verdict on the run changes, and at its end; see `History.runVerdicts`. */
  onRunVerdict?: (verdict: RunVerdict) => void;
  /** Called before the first step with each entry of `History.warnings`. */
  onWarning?: (warning: string) => void;
  /** Called when `pace` is paused: all allowed steps are done, and their records have been reported. */
  onPause?: () => void;
  /** Called with each probe, before the step that it belongs to; only with health `full`. */
  onProbe?: (probe: ProbeRecord) => void;
  /**
   * Called with the state of the run every `checkpointEvery`, with nothing in flight. Training waits for it and for the promise
   * that it returns. A trainer that restores the state continues with bit-identical results: set `initialEpoch` to the number of
   * complete epochs, and `initialSteps` to the records of the steps after them. A state takes 4 bytes per weight and per
   * optimizer slot, read back from the GPU.
   */
  onCheckpoint?: (snapshot: Snapshot) => void | Promise<void>;
  /**
   * `{ epochs: 1 }` by default. `{ steps: n }` counts over the whole run; `{ seconds: n }` is due after the step during which
   * they elapse.
   */
  checkpointEvery?: CheckpointEvery;
  /**
   * `'throw'`, the default, rejects with a DeviceLostError. `'reopen'` opens a new device with the same options, recreates all buffers and
   * pipelines and continues from the last state, with bit-identical results; `trainer.gpu` then refers to the new device. The state is
   * taken before the first step and every `checkpointEvery`, and kept in memory: 4 bytes per weight and per optimizer slot. Records are
   * reported once; the probes' noise scale, a running mean, restarts. A change made by `setLearningRate` since the last state is lost with
   * the device, and waiting calls of `meanwhile` reject. After three losses in a row without a new step, on another adapter, or after
   * `gpu.dispose()`, it rejects.
   */
  onDeviceLost?: 'throw' | 'reopen';
}

const callback = <F>() => v.optional(v.custom<F>((value) => typeof value === 'function', 'a function'));
/** For options that are validated separately, with more helpful errors. */
const unchecked = <T>() => v.optional(v.custom<T>(() => true));
const fitOptions = v.strictObject({
  epochs: v.optional(integer(1), 1),
  initialEpoch: v.optional(integer(0), 0),
  initialSteps: v.optional(v.custom<readonly StepRecord[]>(Array.isArray, 'a list of steps'), () => []),
  initialVerdicts: v.optional(v.custom<readonly Verdict[]>(Array.isArray, 'a list of verdicts'), () => []),
  validationData: v.optional(v.custom<Dataset>(isObject, 'a data set')),
  sampleWeight: v.optional(v.custom<Float32Array>((value) => value instanceof Float32Array, 'a Float32Array')),
  shuffle: v.optional(v.boolean(), true),
  keepHealth: v.optional(v.boolean(), true),
  signal: v.optional(v.custom<AbortSignal>((value) => isObject(value) && 'aborted' in value, 'an AbortSignal')),
  pace: v.optional(v.custom<Pace>((value) => value instanceof Pace, 'the result of createPace')),
  onStep: callback<NonNullable<FitOptions['onStep']>>(),
  onEpoch: callback<NonNullable<FitOptions['onEpoch']>>(),
  onVerdict: callback<NonNullable<FitOptions['onVerdict']>>(),
  onRunVerdict: callback<NonNullable<FitOptions['onRunVerdict']>>(),
  onWarning: callback<NonNullable<FitOptions['onWarning']>>(),
  onPause: callback<NonNullable<FitOptions['onPause']>>(),
  onProbe: callback<NonNullable<FitOptions['onProbe']>>(),
  onCheckpoint: callback<NonNullable<FitOptions['onCheckpoint']>>(),
  checkpointEvery: v.optional(checkpointEverySchema, { epochs: 1 }),
  metrics: unchecked<readonly MetricConfig[]>(),
  earlyStopping: unchecked<NonNullable<FitSettings['earlyStopping']>>(),
  reduceLrOnPlateau: unchecked<NonNullable<FitSettings['reduceLrOnPlateau']>>(),
  terminateOnNaN: unchecked<boolean>(),
  validationSplit: unchecked<number>(),
  validationFreq: unchecked<number | readonly number[]>(),
  classWeight: unchecked<NonNullable<FitSettings['classWeight']>>(),
  onDeviceLost: v.optional(v.picklist(['throw', 'reopen']), 'throw'),
});
export type FilledFitOptions = Omit<v.InferOutput<typeof fitOptions>, 'metrics' | keyof FitSettings> &
  FilledFitSettings & { metrics?: readonly FilledMetric[] };

/** @throws ConfigurationError */
export async function fillFitOptions(options: FitOptions): Promise<FilledFitOptions> {
  const {
    metrics,
    earlyStopping,
    reduceLrOnPlateau,
    terminateOnNaN,
    validationSplit,
    validationFreq,
    classWeight,
    ...others
  } = parse(fitOptions, options, 'fit');
  const settings = fillOtherSettings({ terminateOnNaN, validationSplit, validationFreq });
  const given = earlyStopping !== undefined || reduceLrOnPlateau !== undefined;
  return {
    ...others,
    ...settings,
    // Loaded on demand.
    callbacks: given ? (await import('./callbacks/index.ts')).fillCallbacks({ earlyStopping, reduceLrOnPlateau }) : {},
    ...(classWeight !== undefined && {
      classWeight: (await import('./sample_weights.ts')).requireClassWeight(classWeight),
    }),
    ...(metrics && { metrics: fillMetrics(metrics) }),
  };
}
