/** Options of every schedule with an initial rate. An update is a step whose gradients were applied. */
export interface InitialRateOptions {
  /** Initial rate, >= 0. */
  initialLearningRate: number;
}

/** Options of the schedules that decay over a number of updates. */
export interface DecayOptions extends InitialRateOptions {
  /** Number of updates until the end of the decay, or per factor of `decayRate`: an integer >= 1. */
  decaySteps: number;
}

/** Options of `constant`. */
export interface ConstantOptions {
  /** Constant rate, >= 0. */
  learningRate: number;
}

/** Options of `exponentialDecay`: rate = initialLearningRate * decayRate^(step / decaySteps). */
export interface ExponentialDecayOptions extends DecayOptions {
  /** Factor applied to the rate per `decaySteps` updates, > 0. */
  decayRate: number;
  /** Whether the rate drops once every `decaySteps` updates instead of a little at each update; false by default. */
  staircase?: boolean | undefined;
}

/** Options of `piecewiseConstantDecay`: values[i] up to and including update boundaries[i]. */
export interface PiecewiseConstantDecayOptions {
  /** The updates after which the rate changes: 1 to 100 increasing integers >= 0. */
  boundaries: readonly number[];
  /** The rates, >= 0: one more than the number of boundaries. */
  values: readonly number[];
}

/** Options of `polynomialDecay`: rate = (initialLearningRate - endLearningRate) * (1 - step / decaySteps)^power + endLearningRate. */
export interface PolynomialDecayOptions extends DecayOptions {
  /** Final rate, >= 0; 0.0001 by default. */
  endLearningRate?: number | undefined;
  /** Exponent, > 0; 1 (linear) by default. */
  power?: number | undefined;
  /** Whether another, longer decay starts when one ends; false by default. */
  cycle?: boolean | undefined;
}

/** Options of `inverseTimeDecay`: rate = initialLearningRate / (1 + decayRate * step / decaySteps). */
export interface InverseTimeDecayOptions extends DecayOptions {
  /** Speed of the decay, >= 0. */
  decayRate: number;
  /** Whether the rate drops once every `decaySteps` updates instead of a little at each update; false by default. */
  staircase?: boolean | undefined;
}

/** Options of `cosineDecay`: half a cosine, from the initial rate, or `warmupTarget`, to `alpha` times that. */
export interface CosineDecayOptions extends DecayOptions {
  /** Final rate as a fraction of the one at which the decay starts, 0 to 1; 0 by default. */
  alpha?: number | undefined;
  /** Rate to which a warm-up rises linearly from `initialLearningRate`, >= 0; no warm-up by default. */
  warmupTarget?: number | undefined;
  /** Number of warm-up updates before the decay: an integer >= 0; 0 by default. */
  warmupSteps?: number | undefined;
}

/** Options of `cosineDecayRestarts`: one cosine after another. */
export interface CosineDecayRestartsOptions extends InitialRateOptions {
  /** Number of updates in the first period: an integer >= 1. */
  firstDecaySteps: number;
  /** Length of each period relative to the previous one, >= 1; 2 by default. */
  tMul?: number | undefined;
  /** Factor for the initial rate of each period relative to the previous one, > 0; 1 by default. */
  mMul?: number | undefined;
  /** Rate at the end of each period as a fraction of `initialLearningRate`, 0 to 1; 0 by default. */
  alpha?: number | undefined;
}

/** Options of `oneCycle`. */
export interface OneCycleOptions {
  /** Maximum rate, > 0. */
  maxLearningRate: number;
  /** Number of updates in the whole cycle: an integer >= 1. */
  totalSteps: number;
  /** Fraction of the updates in which the rate rises, 0 to 1; 0.3 by default. */
  pctStart?: number | undefined;
  /** Maximum rate divided by the initial one, > 0; 25 by default. */
  divFactor?: number | undefined;
  /** Initial rate divided by the final one, > 0; 10,000 by default. */
  finalDivFactor?: number | undefined;
  /** Shape of the rise and the fall: half a cosine (`'cos'`, the default) or `'linear'`. */
  anneal?: 'cos' | 'linear' | undefined;
}

/** The options of each schedule. A test compares them with the schemas that validate them. */
export interface ScheduleOptionsByType {
  /** A constant rate. */
  constant: ConstantOptions;
  /** Keras' ExponentialDecay. */
  exponentialDecay: ExponentialDecayOptions;
  /** Keras' PiecewiseConstantDecay: a constant rate per interval of updates. */
  piecewiseConstantDecay: PiecewiseConstantDecayOptions;
  /** Keras' PolynomialDecay. */
  polynomialDecay: PolynomialDecayOptions;
  /** Keras' InverseTimeDecay. */
  inverseTimeDecay: InverseTimeDecayOptions;
  /** Keras' CosineDecay, with its warm-up (Loshchilov and Hutter 2017). */
  cosineDecay: CosineDecayOptions;
  /** Keras' CosineDecayRestarts (Loshchilov and Hutter 2017). */
  cosineDecayRestarts: CosineDecayRestartsOptions;
  /** PyTorch's OneCycleLR (Smith and Topin 2018), without cycling the momentum. */
  oneCycle: OneCycleOptions;
}
