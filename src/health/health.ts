import type { ActivationName } from '../model/activations.ts';

/** The stages of a step in which the first non-finite number can occur, in the order of computation. */
export type Pass = 'forward' | 'loss' | 'gradient' | 'update';

/**
 * Figures of one weight tensor in a step. Norms are L2 norms over all elements. The gradient is that of the total loss, including
 * regularizers, before clipping. Weight decay is not part of the gradient, but of the update.
 */
export interface TensorHealth {
  /** L2 norm. */
  gradientNorm: number;
  /** gradientNorm / sqrt(elements). */
  gradientRms: number;
  /** Largest magnitude. */
  gradientMax: number;
  /** L2 norm before the update. */
  weightNorm: number;
  /** L2 norm of the actual change of the weights: 0 in a skipped step. */
  updateNorm: number;
  /** updateNorm / weightNorm; NaN while the weights are all zero, as biases initially are. */
  updateRatio: number;
}

/** Figures of one layer with weights in a step: its tensors combined, its output and its gradient. */
export interface LayerHealth extends TensorHealth {
  /** Figures of each tensor. */
  tensors: { kernel: TensorHealth; bias?: TensorHealth };
  /**
   * Figures of the layer's output over the batch's real samples, after its pool if one follows directly; of a softmax layer, its
   * logits.
   */
  activation: {
    /** Mean of the outputs. */
    mean: number;
    /** Standard deviation of the outputs. */
    standardDeviation: number;
    /** Fraction of exact zeros, 0 to 1. */
    zeros: number;
    /** Fraction at which a tanh or sigmoid saturates (|tanh| > 0.99; sigmoid < 0.01 or > 0.99); 0 for other activations. */
    saturated: number;
  };
  /** Number of channels of a convolution, or of units of a dense layer. */
  units: number;
  /** For ReLU layers: number of units that have not been positive since the epoch began. 0 for other activations. */
  dead: number;
  /**
   * Fraction of units whose weights and gradients (kernel and bias) are bitwise equal to another unit's, 0 to 1: such units stay
   * equal and learn the same. 0 for layers without a kernel, such as normalizations. Only the first 512 units are compared. Missing in
   * older files.
   */
  equal?: number;
  /** RMS of delta, the gradient of the loss with respect to the layer's output before its activation (and its pool). */
  deltaRms: number;
  /**
   * Gradient ratio to the next layer: deltaRms over that of the next measured layer on the shortest path to the loss. Undefined for
   * the last layer.
   */
  transport?: number;
  /** Numbers of non-finite values. */
  nonFinite: { activations: number; deltas: number; gradients: number; weights: number };
}

/** Figures of the whole network in a step. */
export interface HealthRecord {
  /** Figures by layer name, in the model's order, for layers with weights. */
  layers: Record<string, LayerHealth>;
  /**
   * Mean and population standard deviation of the augmented input of the first layer, over 4,096 numbers of the batch. Missing in older
   * files.
   */
  input?: { mean: number; standardDeviation: number };
  /** RMS of the first layer's delta over the last layer's; in a chain, the product of all gradient ratios. */
  transport: number;
  /** Where the first non-finite number occurred. */
  firstNonFinite?: { layer: string; pass: Pass };
}

/** How much is measured: only gradient norms; all figures of every step; and, in addition, probes every few steps. */
export const healthLevels = ['off', 'norms', 'full'] as const;
/** Level of measurement: `'off'` (only gradient norms), `'norms'` (all figures of a step) or `'full'` (probes as well). */
export type HealthLevel = (typeof healthLevels)[number];

/** Cosines and noise estimates of a layer or the whole network, from one probe. */
export interface ProbeFigures {
  /** Cosine of the angle between this step's gradient and the previous one's; undefined if there was none or it was zero. */
  cosineToLast?: number;
  /** Cosine of the angle to the optimizer's momentum (Adam's m, SGD's negated velocity); undefined without momentum. */
  cosineToMomentum?: number;
  /** Cosine of the angle to the gradient on the same samples without augmentation and mixing; undefined without augmentation. */
  cosineToPlain?: number;
  /**
   * Trace of the covariance of the per-sample gradients. Like the squared norm of the true gradient, it is estimated without bias;
   * the latter estimate may be negative. NaN for a batch of one sample.
   */
  covarianceTrace: number;
  /** Estimate of the squared norm of the true gradient. */
  squaredGradient: number;
  /**
   * B_simple = covarianceTrace / squaredGradient, in samples, both as moving averages over the fit's probes so far (McCandlish et
   * al. 2018, A.1). Infinity if the gradient can't be distinguished from noise.
   */
  noiseScale: number;
}

/** Figures of a probe, which runs every few steps on the batch of the next step, without changing the weights. */
export interface ProbeRecord {
  /** The step whose batch was probed. */
  step: number;
  /** Figures of the whole gradient. */
  whole: ProbeFigures;
  /** Figures of each layer's gradient, by layer name. */
  layers: Record<
    string,
    ProbeFigures & {
      /**
       * Histogram of gradient elements by binary exponent: 64 bins, [2^(i-48), 2^(i-47)); the first and last bins include
       * everything beyond.
       */
      exponents: number[];
      /**
       * Number of exact zeros. Zeros and non-finite values are in no bin; together with the bins they add up to the elements of the
       * layer's tensors.
       */
      zeros: number;
      /** Number of non-finite values. */
      nonFinite: number;
    }
  >;
  /** The eight samples with the largest gradient norm over all dense layers, largest first. */
  hardest: {
    /** Index in the data set; for mixed samples, that of the first one. */
    sample: number;
    /** Class index. */
    label: number;
    /** L2 norm. */
    gradientNorm: number;
    /** L2 norms by dense layer. */
    layers: Record<string, number>;
  }[];
}

/** `weakening` is milder than `vanishing`: the gradient declines steadily, but the network may still learn. */
export const verdictNames = [
  'healthy',
  'weakening',
  'vanishing',
  'exploding',
  'symmetric',
  'dead',
  'saturated',
  'non-finite',
] as const;
/** State of a layer, for example `'healthy'`, `'vanishing'` or `'dead'`: see docs/health.md. */
export type VerdictName = (typeof verdictNames)[number];

/** Verdict on a layer, derived from its figures. */
export interface Verdict {
  /** Layer name. */
  layer: string;
  /** State of the layer. */
  verdict: VerdictName;
  /** First step for which the verdict holds. */
  step: number;
  /** Epoch, counted from 1. */
  epoch: number;
  /** One sentence with the figures that led to the verdict. */
  sentence: string;
  /** Text of the usual remedies, the most likely first; empty for a healthy layer. */
  remedy: string;
  /** The remedies as data. Missing in older files. */
  remedies?: Remedy[];
}

/** A remedy for a problem. */
export interface Remedy {
  /** The remedy as text. */
  words: string;
  /** The remedy as data, if it is a single setting. */
  change?: Change;
}

/** A change of an experiment, as plain JSON; `applyChange` applies it. */
export interface Change {
  /** Layer options by layer name. An activation is changed where it is applied, which may be in a later layer. */
  layers?: Record<string, LayerChange>;
  /** Factor for the learning rate, or for all rates of a schedule. */
  learningRateTimes?: number;
  /** The optimizer's option. */
  globalClipnorm?: number;
  /** Factor for the network's input. */
  rescale?: number;
}

/** Layer options changed by a remedy. */
export interface LayerChange {
  /** New activation. */
  activation?: ActivationName;
  /** New kernel initializer. */
  kernelInitializer?: 'heNormal' | 'lecunNormal' | 'glorotUniform';
  /** New bias initializer. */
  biasInitializer?: 'zeros';
}

/** The possible verdicts on a run. */
export const runVerdictNames = ['learning', 'plateau', 'diverging', 'overfitting', 'done'] as const;
/** State of a run, for example `'learning'`, `'plateau'` or `'diverging'`: see docs/health.md. */
export type RunVerdictName = (typeof runVerdictNames)[number];

/** What a cause concerns: a verdict on a layer, the network's inputs, the learning rate, or the number of training images. */
export type CauseType = VerdictName | 'inputs' | 'learningRate' | 'fewImages';

/** Verdict on a run's loss, with the most likely cause among its layers and its data. */
export interface RunVerdict {
  /** State of the run. */
  verdict: RunVerdictName;
  /** The step at which it was found. */
  step: number;
  /** Epoch, counted from 1. */
  epoch: number;
  /** What was found, without figures: "the loss stays at chance level". Missing in older files. */
  headline?: string;
  /** One sentence with the headline and the figures that led to it, without its full stop. */
  sentence: string;
  /** The most likely cause with its figures, or "no cause found". For a run that is learning or done: what limits it, or empty. */
  cause: string;
  /** What the cause concerns. Missing without a cause and in older files. */
  causeType?: CauseType;
  /** The layer with the verdict that is the cause. */
  causeLayer?: string;
  /** Remedies, the most promising first. */
  remedies: Remedy[];
}
