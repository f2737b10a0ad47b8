import type { ActivationName } from '../model/activations.ts';

/** Where a step's numbers can first stop being finite, in the order of computation. */
export type Pass = 'forward' | 'loss' | 'gradient' | 'update';

/**
 * The figures of one tensor of weights in a step. Norms are L2, over all elements. The gradient is that of the whole loss,
 * that of a regularizer included, before anything is clipped; weight decay is no part of it, but of the update.
 */
export interface TensorHealth {
  /** L2 norm. */
  gradientNorm: number;
  /** gradientNorm / sqrt(elements). */
  gradientRms: number;
  /** The largest magnitude. */
  gradientMax: number;
  /** Before the update. */
  weightNorm: number;
  /** The norm of what was really added to the weights: 0 in a skipped step. */
  updateNorm: number;
  /** updateNorm / weightNorm; NaN while the weights are all zero, as a bias is at first. */
  updateRatio: number;
}

/** The figures of one layer with weights in a step: its tensors taken together, its output and its gradient. */
export interface LayerHealth extends TensorHealth {
  /** The figures of each of its tensors. */
  tensors: { kernel: TensorHealth; bias?: TensorHealth };
  /** The layer's output over the batch's real samples, after its pool if one follows directly; a softmax layer's logits. */
  activation: {
    /** Mean of the layer's outputs. */
    mean: number;
    /** Standard deviation of the layer's outputs. */
    standardDeviation: number;
    /** Share of exact zeros, 0 to 1. */
    zeros: number;
    /** Share where a tanh or sigmoid is flat (|tanh| > 0.99; sigmoid < 0.01 or > 0.99); 0 for other activations. */
    saturated: number;
  };
  /** Channels of a convolution, units of a dense layer. */
  units: number;
  /** ReLU layers: units that were never positive since the epoch began. 0 for other activations. */
  dead: number;
  /**
   * Share of units whose weights and gradients, kernel and bias, have the same bits as another unit's, 0 to 1: they stay equal and
   * learn the same. 0 for layers without a kernel, as a normalization. Of the first 512 units. Older files have none.
   */
  equal?: number;
  /** RMS of delta, the gradient of the loss with respect to the layer's output before its activation (and its pool). */
  deltaRms: number;
  /**
   * deltaRms over that of the next measured layer, the nearest on the way to the loss: how much of the gradient gets through.
   * Undefined for the last.
   */
  transport?: number;
  /** How many numbers are not finite. */
  nonFinite: { activations: number; deltas: number; gradients: number; weights: number };
}

/** The figures of the whole network in a step. */
export interface HealthRecord {
  /** By the layer's name, in the model's order; layers with weights only. */
  layers: Record<string, LayerHealth>;
  /** Mean and population deviation of what reaches the first layer, augmented: of 4,096 numbers of the batch. Older files have none. */
  input?: { mean: number; standardDeviation: number };
  /** RMS of the first layer's delta over the last one's: in a chain the product of all transport factors. */
  transport: number;
  /** Where the first number arose that isn't finite. */
  firstNonFinite?: { layer: string; pass: Pass };
}

/** How much is measured: only gradient norms; the figures of every step; also probes every few steps. */
export const healthLevels = ['off', 'norms', 'full'] as const;
/** What a step measures: `'off'` (gradient norms alone), `'norms'` (every figure of a step) or `'full'` (probes, too). */
export type HealthLevel = (typeof healthLevels)[number];

/** Shares of cosine, or an estimate, of a layer or the whole network, from one probe. */
export interface ProbeFigures {
  /** Cosine of the angle between this step's gradient and the last step's; undefined where there was none, or it was zero. */
  cosineToLast?: number;
  /** ... and the optimizer's momentum (Adam's m, SGD's velocity with its sign turned); undefined without momentum. */
  cosineToMomentum?: number;
  /** ... and the gradient on the same samples, neither augmented nor mixed; undefined without augmentation. */
  cosineToPlain?: number;
  /**
   * Trace of the covariance of one sample's gradient, and the squared norm of the true gradient: unbiased estimates, the
   * second of which may be negative. NaN for a batch of one sample.
   */
  covarianceTrace: number;
  /** Mean over the elements. */
  squaredGradient: number;
  /**
   * B_simple = covarianceTrace / squaredGradient, in samples, both averaged over the fit's probes so far, the later ones the
   * more (McCandlish et al. 2018, A.1). Infinity where no gradient is to be seen for noise.
   */
  noiseScale: number;
}

/** The figures of a probe, every few steps: measured on the batch of the next step, without moving the weights. */
export interface ProbeRecord {
  /** The step whose batch it is. */
  step: number;
  /** Of the whole gradient. */
  whole: ProbeFigures;
  /** Of each layer's gradient, by its name. */
  layers: Record<
    string,
    ProbeFigures & {
      /** Gradient elements by binary exponent: 64 bins, [2^(i-48), 2^(i-47)); the ends take what lies beyond. */
      exponents: number[];
      /** Exact zeros, and what isn't finite: neither is in a bin. Together they are all elements of the layer's tensors. */
      zeros: number;
      /** Numbers of the probe that are not finite. */
      nonFinite: number;
    }
  >;
  /** The eight samples with the largest gradients: the norm of each sample's gradient over all dense layers, largest first. */
  hardest: {
    /** Index in the data set; of the first of two that are mixed. */
    sample: number;
    /** Its class index. */
    label: number;
    /** L2 norm. */
    gradientNorm: number;
    /** By dense layer. */
    layers: Record<string, number>;
  }[];
}

/** `weakening` is a grade below `vanishing`: the gradient declines steadily, and a network may learn all the same. */
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
/** A state of a layer, for example `'healthy'`, `'vanishing'` or `'dead'`: see docs/health.md. */
export type VerdictName = (typeof verdictNames)[number];

/** The judgment of a layer's figures. */
export interface Verdict {
  /** The name of the layer. */
  layer: string;
  /** Its state. */
  verdict: VerdictName;
  /** The step since which it holds. */
  step: number;
  /** From 1. */
  epoch: number;
  /** The figures that led to it, in one sentence. */
  sentence: string;
  /** The usual remedies in words, the most likely first; empty for a healthy layer. */
  remedy: string;
  /** The same as data. Older files have none. */
  remedies?: Remedy[];
}

/** Something that usually helps. */
export interface Remedy {
  /** The verdict in a sentence, with its figures. */
  words: string;
  /** The remedy as data, where it is one setting. */
  change?: Change;
}

/** A change of an experiment, as plain JSON: `applyChange` makes a new experiment of it. */
export interface Change {
  /** Options of layers, by the layers' names. An activation goes where the layer's activation is, which may be a layer after it. */
  layers?: Record<string, LayerChange>;
  /** Multiplies the learning rate, or all rates of a schedule. */
  learningRateTimes?: number;
  /** The optimizer's option. */
  globalClipnorm?: number;
  /** Multiplies what reaches the first layer. */
  rescale?: number;
}

/** Options of a layer that a remedy changes. */
export interface LayerChange {
  /** The activation that it gets. */
  activation?: ActivationName;
  /** How its kernel begins. */
  kernelInitializer?: 'heNormal' | 'lecunNormal' | 'glorotUniform';
  /** How its bias begins. */
  biasInitializer?: 'zeros';
}

/** The verdict on a run so far. */
export const runVerdictNames = ['learning', 'plateau', 'diverging', 'overfitting', 'done'] as const;
/** A state of a run, for example `'learning'`, `'plateau'` or `'diverging'`: see docs/health.md. */
export type RunVerdictName = (typeof runVerdictNames)[number];

/** The judgment of a run's loss, with the most likely cause among its layers and its data. */
export interface RunVerdict {
  /** Its state. */
  verdict: RunVerdictName;
  /** The step that it was found at. */
  step: number;
  /** From 1. */
  epoch: number;
  /** The figures that led to it, in one sentence without its full stop. */
  sentence: string;
  /**
   * The most likely cause with its figures, or "no cause found". Of a run that learns or is done: what holds it back, or nothing.
   */
  cause: string;
  /** Remedies, the most likely to help first. */
  remedies: Remedy[];
}
