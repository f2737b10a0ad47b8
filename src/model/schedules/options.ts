/** Options of every schedule that starts at a rate; an update is a step whose gradients were applied. */
export interface InitialRateOptions {
  /** The first rate, >= 0. */
  initialLearningRate: number;
}

/** Options of the schedules that decay over a number of updates. */
export interface DecayOptions extends InitialRateOptions {
  /** Updates until the end of the decay, or for one `decayRate`: an integer >= 1. */
  decaySteps: number;
}

/** Options of `constant`. */
export interface ConstantOptions {
  /** The rate of every update, >= 0. */
  learningRate: number;
}

/** Options of `exponentialDecay`: rate = initialLearningRate * decayRate^(step / decaySteps). */
export interface ExponentialDecayOptions extends DecayOptions {
  /** What `decaySteps` updates multiply the rate by, > 0. */
  decayRate: number;
  /** Whether the rate falls once every `decaySteps` updates rather than a little at each; false by default. */
  staircase?: boolean | undefined;
}

/** Options of `piecewiseConstantDecay`: values[i] up to and including update boundaries[i]. */
export interface PiecewiseConstantDecayOptions {
  /** The updates after which the rate changes: 1 to 100 growing integers >= 0. */
  boundaries: readonly number[];
  /** The rates, >= 0: one more than there are boundaries. */
  values: readonly number[];
}

/** Options of `polynomialDecay`: rate = (initialLearningRate - endLearningRate) * (1 - step / decaySteps)^power + endLearningRate. */
export interface PolynomialDecayOptions extends DecayOptions {
  /** The last rate, >= 0; 0.0001 by default. */
  endLearningRate?: number | undefined;
  /** The exponent, > 0; 1, a line, by default. */
  power?: number | undefined;
  /** Whether another decay begins, over more updates, when one is at its end; false by default. */
  cycle?: boolean | undefined;
}

/** Options of `inverseTimeDecay`: rate = initialLearningRate / (1 + decayRate * step / decaySteps). */
export interface InverseTimeDecayOptions extends DecayOptions {
  /** How fast the rate falls, >= 0. */
  decayRate: number;
  /** Whether the rate falls once every `decaySteps` updates rather than a little at each; false by default. */
  staircase?: boolean | undefined;
}

/** Options of `cosineDecay`: half a cosine, from the first rate, or `warmupTarget`, to `alpha` times that. */
export interface CosineDecayOptions extends DecayOptions {
  /** The last rate as a part of the one that the decay starts at, 0 to 1; 0 by default. */
  alpha?: number | undefined;
  /** The rate that a warm-up climbs to from `initialLearningRate`, in a line, >= 0; no warm-up by default. */
  warmupTarget?: number | undefined;
  /** Updates of the warm-up, before the decay: an integer >= 0; 0 by default. */
  warmupSteps?: number | undefined;
}

/** Options of `cosineDecayRestarts`: one cosine after another. */
export interface CosineDecayRestartsOptions extends InitialRateOptions {
  /** Updates of the first period: an integer >= 1. */
  firstDecaySteps: number;
  /** How many times as long each period is as the one before it, >= 1; 2 by default. */
  tMul?: number | undefined;
  /** What the first rate of each period is multiplied by, > 0; 1 by default. */
  mMul?: number | undefined;
  /** The rate at the end of a period as a part of `initialLearningRate`, 0 to 1; 0 by default. */
  alpha?: number | undefined;
}

/** Options of `oneCycle`. */
export interface OneCycleOptions {
  /** The largest rate, > 0. */
  maxLearningRate: number;
  /** Updates of the whole cycle: an integer >= 1. */
  totalSteps: number;
  /** The part of the updates in which the rate climbs, 0 to 1; 0.3 by default. */
  pctStart?: number | undefined;
  /** The largest rate over the first one, > 0; 25 by default. */
  divFactor?: number | undefined;
  /** The first rate over the last one, > 0; 10,000 by default. */
  finalDivFactor?: number | undefined;
  /** The shape of the climb and the fall: half a cosine, `'cos'`, by default, or a line. */
  anneal?: 'cos' | 'linear' | undefined;
}

/** The options of each schedule. A test compares them with the schemas, which check them. */
export interface ScheduleOptionsByType {
  /** The same rate for all updates. */
  constant: ConstantOptions;
  /** Keras' ExponentialDecay. */
  exponentialDecay: ExponentialDecayOptions;
  /** Keras' PiecewiseConstantDecay: a rate for each stretch of updates. */
  piecewiseConstantDecay: PiecewiseConstantDecayOptions;
  /** Keras' PolynomialDecay. */
  polynomialDecay: PolynomialDecayOptions;
  /** Keras' InverseTimeDecay. */
  inverseTimeDecay: InverseTimeDecayOptions;
  /** Keras' CosineDecay, with its warm-up (Loshchilov and Hutter 2017). */
  cosineDecay: CosineDecayOptions;
  /** Keras' CosineDecayRestarts (Loshchilov and Hutter 2017). */
  cosineDecayRestarts: CosineDecayRestartsOptions;
  /** PyTorch's OneCycleLR (Smith and Topin 2018), without its cycle of the momentum. */
  oneCycle: OneCycleOptions;
}
