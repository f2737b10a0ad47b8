import { median } from 'simple-statistics';
import type { Verdict } from '../health/health.ts';
import { meanMetric, type StepRecord } from '../health/history.ts';

/** A pair of twins: plain JSON that follows from the configuration alone. NaN stands for figures that could not be measured. */
export interface PairRecord {
  /** The seed of both twins' weights, order of samples and augmentation. */
  seed: number;
  /** The record of twin A. */
  a: TwinRecord;
  /** The record of twin B. */
  b: TwinRecord;
  /** Cosine between the twins' gradients on the same samples, by epoch. Empty if the twins have different models. */
  cosines: { whole: number; layers: Record<string, number> }[];
}

/** The record of one twin. */
export interface TwinRecord {
  /** The finished epochs. */
  epochs: TwinEpoch[];
  /** Loss and gradient norms in the course of the run. */
  timeline: Timeline;
  /** Number of steps taken. */
  steps: number;
  /** Every change of a layer's verdict, in order. */
  verdicts: Verdict[];
  /** Set if earlyStopping ended the run after this epoch. */
  stoppedEarly?: { epoch: number; monitor: string };
  /**
   * The epoch whose weights the run ended with, if that is not the last planned one: because of an early stop, or the best weights.
   */
  finalEpoch?: number;
  /** Set if non-finite numbers ended the run early. */
  broke?: { epoch: number; step: number; layer: string; pass: string };
}

/** The epoch whose weights a run ended with; for a run that broke off, the last complete one. */
export const endOf = ({ epochs, finalEpoch }: Pick<TwinRecord, 'epochs' | 'finalEpoch'>): TwinEpoch | undefined =>
  finalEpoch === undefined ? epochs.at(-1) : epochs[finalEpoch - 1];

/** One epoch of a twin. */
export interface TwinEpoch {
  /** Mean over the epoch's samples during training: the samples are augmented, and the weights change meanwhile. */
  loss: number;
  /** For classes; a loss of numbers has the mean absolute error instead, here and below. */
  accuracy?: number;
  /** Replaces the accuracy if the loss is for numbers. */
  meanAbsoluteError?: number;
  /** Loss after the epoch on unaugmented training images: as many as there are validation images, if there are enough. */
  plainLoss: number;
  /** Accuracy on unaugmented training images, 0 to 1. */
  plainAccuracy?: number;
  /** Mean of |output - target| on unaugmented training images, if the loss is for numbers. */
  plainMeanAbsoluteError?: number;
  /** Undefined for an epoch that `validationFreq` skips, like all other validation figures. */
  validationLoss?: number;
  /** 0 to 1. */
  validationAccuracy?: number;
  /** Mean of |output - target|, if the loss is for numbers. */
  validationMeanAbsoluteError?: number;
  /** Validation metrics that are a single number, by name. */
  metrics?: Record<string, number>;
  /** Number of steps skipped because their numbers were not finite. */
  skippedSteps: number;
  /**
   * Median over the steps of the product of all transport factors (the ratio of the gradient's RMS at a layer to that at the next).
   */
  transport?: number;
  /** Gradient estimates for all layers together. */
  sample: NoiseFigures;
  /** The figures of each layer, by its name. */
  layers: Record<string, LayerEpoch>;
}

/** Estimates from the gradient on the pair's fixed samples, after the epoch. */
export interface NoiseFigures {
  /** Trace of the covariance of a single sample's gradient. */
  covarianceTrace: number;
  /** The squared norm of the true gradient; the estimate may be negative. */
  squaredGradient: number;
}

/** Figures of one layer in one epoch. */
export interface LayerEpoch {
  /** Mean over the epoch's steps. */
  gradientNorm: number;
  /** Median over the steps. */
  updateRatio?: number;
  /** RMS of the gradient at this layer over that at the next one; undefined for the last layer. */
  transport?: number;
  /** Fraction of the units that were not positive once in the epoch. */
  dead?: number;
  /** The gradient on a sample of weights. */
  sample: NoiseFigures & {
    /** Histogram of the gradient's elements by binary exponent: 64 bins, [2^(i-48), 2^(i-47)). */
    exponents: number[];
    /** Number of sampled weights whose gradient was 0. */
    zeros: number;
  };
}

/** The run divided into stretches with equal numbers of steps, for curves and heat maps. */
export interface Timeline {
  /** Steps per stretch; the last may be shorter. */
  stride: number;
  /** Mean training loss. */
  loss: number[];
  /** Mean of log10 of a layer's gradient norm; NaN if it was zero throughout. */
  logNorms: Record<string, number[]>;
}

/** Maximum number of stretches of a timeline, limited by the pixels of a plot. */
const stretchesMost = 120;

/** The figures of an epoch's steps, without evaluations and gradients. */
export function summarizeEpoch(steps: readonly StepRecord[]): Pick<
  TwinEpoch,
  'loss' | 'accuracy' | 'meanAbsoluteError' | 'skippedSteps' | 'transport'
> & {
  layers: Record<string, Omit<LayerEpoch, 'sample'>>;
} {
  const counted = steps.filter(({ skipped }) => !skipped);
  const samples = counted.reduce((sum, step) => sum + step.samples, 0);
  const mean = (of: (step: StepRecord) => number) =>
    counted.reduce((sum, step) => sum + of(step) * step.samples, 0) / samples;
  const names = Object.keys(steps[0]?.gradientNorms ?? {});
  return {
    loss: mean(({ loss }) => loss),
    ...meanMetric(steps[0], mean),
    skippedSteps: steps.length - counted.length,
    ...medianOf(
      'transport',
      steps.map(({ health }) => health?.transport),
    ),
    layers: Object.fromEntries(names.map((name) => [name, summarizeLayer(name, steps)])),
  };
}

function summarizeLayer(name: string, steps: readonly StepRecord[]): Omit<LayerEpoch, 'sample'> {
  const norms = steps.map(({ gradientNorms }) => gradientNorms[name]!).filter(Number.isFinite);
  const health = steps.map((step) => step.health?.layers[name]);
  const last = health.at(-1);
  return {
    gradientNorm: norms.reduce((sum, norm) => sum + norm, 0) / norms.length,
    ...medianOf(
      'updateRatio',
      health.map((it) => it?.updateRatio),
    ),
    ...medianOf(
      'transport',
      health.map((it) => it?.transport),
    ),
    ...(last && last.units > 0 && { dead: last.dead / last.units }),
  };
}

/** Median of the finite values: one overflow in a thousand steps must not spoil the others. Left out if nothing was measured. */
function medianOf<Name extends string>(name: Name, values: (number | undefined)[]): { [key in Name]?: number } {
  if (values.every((value) => value === undefined)) return {};
  const finite = values.filter((value): value is number => Number.isFinite(value));
  return { [name]: finite.length ? median(finite) : Number.NaN } as { [key in Name]?: number };
}

/** @param steps planned for the whole run, however many were done. */
export function timelineOf(records: readonly StepRecord[], steps: number): Timeline {
  const stride = Math.max(1, Math.ceil(steps / stretchesMost));
  const stretches = Array.from({ length: Math.ceil(records.length / stride) }, (_, i) =>
    records.slice(i * stride, (i + 1) * stride),
  );
  const names = Object.keys(records[0]?.gradientNorms ?? {});
  const mean = (values: number[]) => {
    const finite = values.filter(Number.isFinite);
    return finite.reduce((sum, value) => sum + value, 0) / finite.length;
  };
  return {
    stride,
    loss: stretches.map((stretch) => mean(stretch.map(({ loss }) => loss))),
    logNorms: Object.fromEntries(
      names.map((name) => [
        name,
        stretches.map((stretch) => mean(stretch.map(({ gradientNorms }) => Math.log10(gradientNorms[name]!)))),
      ]),
    ),
  };
}
