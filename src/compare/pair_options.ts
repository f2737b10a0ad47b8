import type { Dataset } from '../data/dataset.ts';
import type { ProbeRecord, Verdict } from '../health/health.ts';
import type { StepRecord } from '../health/history.ts';
import type { WatchState } from '../health/verdicts.ts';
import type { Pace } from '../train/pace.ts';
import type { LayerOutput } from '../train/predict.ts';
import type { Snapshot } from '../train/snapshot.ts';
import type { TwinOptions } from './twin_options.ts';
import type { PairRecord, TwinEpoch, TwinRecord } from './twin_record.ts';

export interface PairOptions extends TwinOptions {
  /** The seed of both twins: weights, order of samples, augmentation. */
  seed: number;
  /** Epochs of each twin; a positive integer. */
  epochs: number;
  /** Continues a pair from its state after an epoch, to the same bits. */
  state?: PairState;
  /**
   * Called after each epoch but the last; the pair waits for it. `take` reads the state back from the GPU: 4 bytes for each
   * weight and each of the optimizer's slots of both twins.
   */
  onState?: (take: () => Promise<PairState>) => void | Promise<void>;
  /** Aborting it makes `trainPair` resolve with undefined: an incomplete pair has no result. */
  signal?: AbortSignal;
  /** Pauses both twins together, or allows a number of steps of both: `createPace`. It does not affect the results. */
  pace?: Pace;
  /**
   * Called when both are on the GPU, before the first step or a pause, with the bytes of each twin's weights, gradients and
   * activations. `activations` computes the output of each layer of a twin for some images, between two of its steps, until the pair
   * ends; it does not affect the results.
   */
  onBegin?: (bytes: { a: number; b: number }, activations: TwinActivations) => void;
  /** Called when both are trained, before their networks are discarded: the pair waits for it. */
  onTrained?: (activations: TwinActivations) => void | Promise<void>;
  /** Called after each step of either twin, in order. Steps and epochs count over the whole run. */
  onStep?: (twin: 'a' | 'b', record: StepRecord, progress: { epochSteps: number; epochs: number }) => void;
  /** Called for a layer's first verdict and every change, after the step that decided it. */
  onVerdict?: (twin: 'a' | 'b', verdict: Verdict) => void;
  /** Called for a twin whose `health` is `full`, before the step that the probe is about. */
  onProbe?: (twin: 'a' | 'b', probe: ProbeRecord) => void;
  /** Called after each epoch of each twin. */
  onEpoch?: (twin: 'a' | 'b', epoch: number, record: TwinEpoch) => void;
  /** Called when the numbers of a twin stop being finite: the other continues alone. */
  onBreak?: (twin: 'a' | 'b', broke: NonNullable<TwinRecord['broke']>) => void;
  /** Called when `pace` is paused: all allowed steps are done, and their records have been reported. */
  onPause?: () => void;
}

/** Computes the output of each layer of a twin for each image. */
export type TwinActivations = (twin: 'a' | 'b', images: Dataset) => Promise<LayerOutput[]>;

/** The state of a pair after an epoch: with the same configuration and data, another call of `trainPair` continues it. */
export interface PairState {
  /** Number of complete epochs. */
  epoch: number;
  /** As in `PairRecord`. */
  cosines: PairRecord['cosines'];
  /** State of twin A. */
  a: TwinState;
  /** State of twin B. */
  b: TwinState;
}

export interface TwinState {
  /** The twin's steps, without their health. */
  steps: StepRecord[];
  epochSteps: number;
  epochs: TwinEpoch[];
  verdicts: Verdict[];
  watch?: WatchState;
  broke?: NonNullable<TwinRecord['broke']>;
  stoppedEarly?: NonNullable<TwinRecord['stoppedEarly']>;
  best?: Best;
  /** The state of a twin that is still training. */
  snapshot?: Snapshot;
}

/** The best epoch by the figure that earlyStopping monitors. */
export interface Best {
  epoch: number;
  value?: number;
}

/** The pair's options that each twin uses. */
export type Listeners = Pick<
  PairOptions,
  'epochs' | 'fit' | 'onStep' | 'onVerdict' | 'onProbe' | 'onEpoch' | 'onBreak'
>;
