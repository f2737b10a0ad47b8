import type { ImagesUsed } from '../image_source.ts';
import type { ValidationFigures } from '../model/metrics/figures.ts';
import type { HealthRecord, ProbeRecord, RunVerdict, Verdict } from './health.ts';
import { type Measured, metricIn } from './metric.ts';

/** One training step. */
export interface StepRecord {
  /** From 1, over the whole run, with what was before `initialEpoch`. */
  step: number;
  /** From 1. */
  epoch: number;
  /** Mean over the batch's real samples, each times its weight, and the layers' L2 penalties, as Keras has it. */
  loss: number;
  /**
   * Share of correct predictions, 0 to 1: of classes, or with `binaryCrossentropy` of outputs on the target's side of 0.5, as
   * in Keras. Every sample counts once, whatever its weight. Undefined where the loss is of numbers.
   */
  accuracy?: number;
  /** Mean of |output - target| over outputs and samples, where the loss is of numbers. */
  meanAbsoluteError?: number;
  /** Number of samples in the step. */
  samples: number;
  /** The loss or a gradient was not finite: the weights stayed as they were. */
  skipped: boolean;
  /** The rate of this step, a float32. Records of older versions have none. */
  learningRate?: number;
  /**
   * L2 norm of the gradient of all of a layer's tensors, by the layer's name: of the whole loss, its L2 penalties included,
   * and before the optimizer clips it.
   */
  gradientNorms: Record<string, number>;
  /** The figures of each layer, unless `health` is off. */
  health?: HealthRecord;
}

/** The distribution of a figure over the steps of an epoch. */
export interface Spread {
  /** Over the steps. */
  mean: number;
  /** Over the steps. */
  min: number;
  /** Over the steps. */
  max: number;
}

/** One pass over the training set. Metrics of the validation are under their names: `validationF1Score`. */
export interface EpochRecord extends ValidationFigures {
  /** From 1. */
  epoch: number;
  /** Mean over the epoch's samples as they were seen, while the weights moved: Keras' figure. */
  loss: number;
  /** 0 to 1, as in `StepRecord`. */
  accuracy?: number;
  /** In place of accuracy, where the loss is of numbers. */
  meanAbsoluteError?: number;
  /** After the epoch, without augmentation and weights of samples. */
  validationLoss?: number;
  /** 0 to 1. */
  validationAccuracy?: number;
  /** In place of accuracy, where the loss is of numbers. */
  validationMeanAbsoluteError?: number;
  /** The learning rate that reduceLrOnPlateau set at the end of the epoch; undefined where it left it alone. */
  reducedLearningRate?: number;
  /** Time of training, without validation; for a resumed epoch, time of the rest. */
  seconds: number;
  /** In training, without the validation. */
  imagesPerSecond: number;
  /** Over the epoch's steps, those left out that were not finite; NaN where none was. */
  gradientNorms: Record<string, Spread>;
}

/** Why a run ended before its last epoch, and what it ended with. */
export interface StoppedEarly {
  /** The last one that was trained. */
  epoch: number;
  /** The callback that ended it. */
  reason: 'earlyStopping';
  /** The figure that it watched. */
  monitor: string;
  /** The best value of it, and when; undefined where every value was NaN. */
  best?: number;
  /** From 1. */
  bestEpoch?: number;
  /** The weights are those of `bestEpoch`. */
  restoredBestWeights: boolean;
}

/** What `fit` recorded. */
export interface History {
  /** A record for each complete epoch. */
  epochs: EpochRecord[];
  /**
   * Every step, with its health: in Chrome about 1.3 kB for each layer with weights, so 100 MB after 20,000 steps of the
   * tutorial's four; a fifth of a kilobyte a step at the level `off`, or without `keepHealth`.
   */
  steps: StepRecord[];
  /** The signal ended it early; an unfinished epoch has no record of its own, its steps are in `steps`. */
  stopped: boolean;
  /** earlyStopping ended it, here or in the run that it resumes. */
  stoppedEarly?: StoppedEarly;
  /** Steps that were not finite, and left the weights as they were. */
  skippedSteps: number;
  /** Every change, in order; empty where health is off. */
  verdicts: Verdict[];
  /** Every change of the verdict on the run: the last one is its verdict. None for a run of fewer than 100 steps. */
  runVerdicts: RunVerdict[];
  /** At the level `full`: what the probes measured, one every `probeEvery` steps. */
  probes: ProbeRecord[];
  /** How the images lay on the GPU: all of them, or those of the next steps, and the time that was spent waiting for them. */
  images?: ImagesUsed;
  /** Warnings that do not stop a run: a schedule that is longer or shorter than the run. Without a full stop. */
  warnings: string[];
}

/** The history of a run before its first step. */
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

/** A fifth of a kilobyte, in place of one and more for each layer. */
export const withoutHealth = ({ health: _, ...record }: StepRecord): StepRecord => record;

/**
 * Sums up an epoch's steps. Skipped ones are no part of the loss, which is NaN where nothing is left.
 *
 * @param seconds that they took, but for the first `untimed` of them.
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

/** The mean of the metric that steps have in addition to their loss. */
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
