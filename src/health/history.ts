import type { ImagesUsed } from '../image_source.ts';
import type { ValidationFigures } from '../model/metrics/figures.ts';
import type { HealthRecord, ProbeRecord, RunVerdict, Verdict } from './health.ts';
import { type Measured, metricIn } from './metric.ts';

/** One training step. */
export interface StepRecord {
  /** Step number, from 1, over the whole run including the part before `initialEpoch`. */
  step: number;
  /** Epoch, counted from 1. */
  epoch: number;
  /** Weighted mean loss over the batch's real samples, plus the layers' L2 penalties, as in Keras. */
  loss: number;
  /**
   * Fraction of correct predictions, 0 to 1: of classes or, with `binaryCrossentropy`, of outputs on the same side of 0.5 as the target, as
   * in Keras. Samples are not weighted. Undefined for a regression loss.
   */
  accuracy?: number;
  /** Mean of |output - target| over outputs and samples, for a regression loss. */
  meanAbsoluteError?: number;
  /** Number of samples in the step. */
  samples: number;
  /** Set if the loss or a gradient was not finite; the weights were left unchanged. */
  skipped: boolean;
  /** Learning rate of this step, a float32. Missing in records of older versions. */
  learningRate?: number;
  /** With `lossScale: 'dynamic'`, the scale of this step. */
  lossScale?: number;
  /** Set if the step was skipped because its gradients, multiplied by `lossScale`, exceeded float16. The next step has half the scale. */
  lossScaleHalved?: true;
  /**
   * L2 norm of the gradient over all tensors of each layer, by layer name: of the total loss including L2 penalties, before
   * clipping.
   */
  gradientNorms: Record<string, number>;
  /** Figures of each layer, unless `health` is off. */
  health?: HealthRecord;
}

/** Distribution of a figure over the steps of an epoch. */
export interface Spread {
  /** Mean over the steps. */
  mean: number;
  /** Minimum over the steps. */
  min: number;
  /** Maximum over the steps. */
  max: number;
}

/** One pass over the training set. Validation metrics are included by name: `validationF1Score`. */
export interface EpochRecord extends ValidationFigures {
  /** Epoch, counted from 1. */
  epoch: number;
  /** Mean over the epoch's samples, each at the weights of its step, as in Keras. */
  loss: number;
  /** 0 to 1, as in `StepRecord`. */
  accuracy?: number;
  /** Replaces accuracy for a regression loss. */
  meanAbsoluteError?: number;
  /** Validation loss after the epoch, without augmentation and sample weights. */
  validationLoss?: number;
  /** Validation accuracy, 0 to 1. */
  validationAccuracy?: number;
  /** Replaces validation accuracy for a regression loss. */
  validationMeanAbsoluteError?: number;
  /** New learning rate if reduceLrOnPlateau reduced it at the end of the epoch; otherwise undefined. */
  reducedLearningRate?: number;
  /** Training time in seconds, without validation; for a resumed epoch, the time since it was resumed. */
  seconds: number;
  /** Training speed, without validation. */
  imagesPerSecond: number;
  /** Distributions over the epoch's steps, excluding non-finite steps; NaN if all were non-finite. */
  gradientNorms: Record<string, Spread>;
}

/** Why a run ended before its last epoch, and its best result. */
export interface StoppedEarly {
  /** Last trained epoch. */
  epoch: number;
  /** The callback that ended the run. */
  reason: 'earlyStopping';
  /** The monitored figure. */
  monitor: string;
  /** Best value of the figure; undefined if every value was NaN. */
  best?: number;
  /** Epoch of the best value, counted from 1. */
  bestEpoch?: number;
  /** Whether the weights of `bestEpoch` were restored. */
  restoredBestWeights: boolean;
}

/** The record of a call of `fit`. */
export interface History {
  /** One record per complete epoch. */
  epochs: EpochRecord[];
  /**
   * All steps, with their health: in Chrome about 1.3 kB per layer with weights, or 100 MB after 20,000 steps of the tutorial's
   * four layers; 0.2 kB per step at the level `off`, or without `keepHealth`.
   */
  steps: StepRecord[];
  /** Set if the signal stopped the run. An unfinished epoch has no record, but its steps are in `steps`. */
  stopped: boolean;
  /** Set if earlyStopping ended the run, in this call or in the run that it resumes. */
  stoppedEarly?: StoppedEarly;
  /** Number of steps with non-finite values, which left the weights unchanged. */
  skippedSteps: number;
  /** Changes of the layers' verdicts, in order; empty if health is off. */
  verdicts: Verdict[];
  /** Changes of the run's verdict; the last one is current. Empty for a run of fewer than 100 steps. */
  runVerdicts: RunVerdict[];
  /** At the level `full`: probe measurements, one every `probeEvery` steps. */
  probes: ProbeRecord[];
  /** How images were stored on the GPU (all of them, or only those of the next steps), and the time spent waiting for them. */
  images?: ImagesUsed;
  /** Warnings that do not stop a run, such as a schedule that is longer or shorter than the run. Without a full stop. */
  warnings: string[];
}

/** The initial history of a run. */
export const emptyHistory = (): History => ({
  epochs: [],
  steps: [],
  stopped: false,
  skippedSteps: 0,
  verdicts: [],
  runVerdicts: [],
  probes: [],
  warnings: [],
});

/** Whether a step counts towards the end of a run. One that only had too large a loss scale does not. */
export const isBad = ({ skipped, lossScaleHalved }: StepRecord): boolean => skipped && !lossScaleHalved;

/** Reduces a record to about 0.2 kB; health takes more than 1 kB per layer. */
export const withoutHealth = ({ health: _, ...record }: StepRecord): StepRecord => record;

/**
 * Summarizes an epoch's steps. Skipped steps are excluded from the loss, which is NaN if all were skipped.
 *
 * @param seconds duration of the steps, except the first `untimed` ones.
 */
export function summarize(epoch: number, steps: readonly StepRecord[], seconds: number, untimed = 0): EpochRecord {
  const counted = steps.filter((step) => !step.skipped);
  const samples = counted.reduce((sum, step) => sum + step.samples, 0);
  const mean = (of: (step: StepRecord) => number) =>
    counted.reduce((sum, step) => sum + of(step) * step.samples, 0) / samples;
  const layers = Object.keys(steps[0]?.gradientNorms ?? {});
  return {
    epoch,
    loss: mean((step) => step.loss),
    ...meanMetric(steps[0], mean),
    seconds,
    imagesPerSecond: steps.slice(untimed).reduce((sum, step) => sum + step.samples, 0) / seconds,
    gradientNorms: Object.fromEntries(
      layers.map((layer) => [layer, spread(steps.map((step) => step.gradientNorms[layer]!))]),
    ),
  };
}

/** Mean of the steps' metric (accuracy or mean absolute error). */
export function meanMetric(
  first: StepRecord | undefined,
  mean: (of: (step: StepRecord) => number) => number,
): Measured {
  const metric = metricIn(first ?? {});
  return { [metric]: mean((step) => step[metric]!) };
}

function spread(values: number[]): Spread {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return { mean: Number.NaN, min: Number.NaN, max: Number.NaN };
  const sum = finite.reduce((a, b) => a + b, 0);
  return { mean: sum / finite.length, min: Math.min(...finite), max: Math.max(...finite) };
}
