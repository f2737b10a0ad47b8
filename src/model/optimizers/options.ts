import type { LearningRate } from '../schedule.ts';

/** Options of every optimizer; the names and their meaning are Keras' (keras/src/optimizers/base_optimizer.py). */
export interface OptimizerOptions {
  /** Step size, >= 0, or a schedule over the updates. Default: 0.001; 0.01 for SGD, 0.05 for Muon. */
  learningRate?: LearningRate | undefined;
  /**
   * Scales each tensor's gradient down to this L2 norm if its norm is larger; > 0. Off by default. Only one kind of clipping
   * can be used.
   */
  clipnorm?: number | undefined;
  /** Clips each element of a gradient to this magnitude; > 0. Off by default. */
  clipvalue?: number | undefined;
  /** Scales all gradients down together if their joint norm is larger; > 0. Off by default. */
  globalClipnorm?: number | undefined;
  /**
   * Decoupled decay as in AdamW: w -= learningRate * weightDecay * w before each step, biases included; >= 0. Not the L2
   * regularizer. None by default; 0.004 for AdamW.
   */
  weightDecay?: number | undefined;
  /**
   * Whether to keep an exponential moving average of the weights, which validation, `evaluate` and `predict` use; false by
   * default.
   */
  useEma?: boolean | undefined;
  /** average = emaMomentum * average + (1 - emaMomentum) * w after each update, 0 to 1; 0.99 by default. */
  emaMomentum?: number | undefined;
  /** Number of updates after which the weights are overwritten by their average, repeatedly; an integer >= 1. Never by default. */
  emaOverwriteFrequency?: number | undefined;
}

/** Options of Nadam and Adamax. */
export interface NadamOptions extends OptimizerOptions {
  /** Decay of the average of gradients, 0 to 0.999999; 0.9 by default. */
  beta1?: number | undefined;
  /** Decay of the average of squared gradients, or of their maximum, 0 to 0.9999999; 0.999 by default. */
  beta2?: number | undefined;
  /** Added to the divisor, > 0; 1e-7 by default, as in Keras. */
  epsilon?: number | undefined;
}

/** Options of Adam and AdamW. */
export interface AdamOptions extends NadamOptions {
  /** Whether to divide by the maximum of the averaged squares so far (Reddi and others 2018); false by default. */
  amsgrad?: boolean | undefined;
}

export interface SgdOptions extends OptimizerOptions {
  /** Fraction of the previous step that is added to the next, 0 to 1; 0 by default. */
  momentum?: number | undefined;
  /** Whether to use Nesterov momentum; false by default. */
  nesterov?: boolean | undefined;
}

export interface RmspropOptions extends OptimizerOptions {
  /** Decay of the average of squared gradients, 0 to 1; 0.9 by default. */
  rho?: number | undefined;
  /** Fraction of the previous step that is added to the next, 0 to 1; 0 by default. */
  momentum?: number | undefined;
  /** Added under the square root, > 0; 1e-7 by default. */
  epsilon?: number | undefined;
  /** Whether to divide by the gradients' standard deviation instead of their root mean square; false by default. */
  centered?: boolean | undefined;
}

export interface AdagradOptions extends OptimizerOptions {
  /** Initial value of the sum of squared gradients, >= 0; 0.1 by default. */
  initialAccumulatorValue?: number | undefined;
  /** Added under the square root, > 0; 1e-7 by default. */
  epsilon?: number | undefined;
}

export interface LionOptions extends OptimizerOptions {
  /** Weight of the average in the direction of a step, 0 to 1; 0.9 by default. */
  beta1?: number | undefined;
  /** Decay of the average of gradients, 0 to 1; 0.99 by default. */
  beta2?: number | undefined;
}

export interface MuonOptions extends OptimizerOptions {
  /** Decay of the sum of gradients, 0 to 1; 0.95 by default. */
  momentum?: number | undefined;
  /** Whether to use Nesterov momentum; true by default. */
  nesterov?: boolean | undefined;
  /** Number of Newton-Schulz iterations, 1 to 20; 5 by default. */
  nsSteps?: number | undefined;
  /** Optimizer of the tensors that are not kernels; `'adam'` by default. */
  others?: 'adam' | 'sgd' | undefined;
  /** Ratio of Adam's learning rate to Muon's, >= 0; 0.1 by default. */
  adamLrRatio?: number | undefined;
  /** Adam's beta1, 0 to 0.999999; 0.9 by default. */
  adamBeta1?: number | undefined;
  /** Adam's beta2, 0 to 0.9999999; 0.999 by default. */
  adamBeta2?: number | undefined;
  /** Adam's epsilon, > 0; 1e-7 by default. */
  epsilon?: number | undefined;
}

/** The options of each optimizer. A test compares them with the schemas that validate them. */
export interface OptimizerOptionsByType {
  adam: AdamOptions;
  sgd: SgdOptions;
  adamW: AdamOptions;
  nadam: NadamOptions;
  adamax: NadamOptions;
  rmsprop: RmspropOptions;
  adagrad: AdagradOptions;
  lion: LionOptions;
  muon: MuonOptions;
}
