import type { LearningRate } from '../schedule.ts';

/** Options of every optimizer; the names and their meaning are Keras' (keras/src/optimizers/base_optimizer.py). */
export interface OptimizerOptions {
  /** The size of a step, >= 0, or a schedule over the updates. By default 0.001; 0.01 of SGD, 0.05 of Muon. */
  learningRate?: LearningRate | undefined;
  /** Scales each tensor's gradient down to this L2 norm where it is larger; > 0. Not by default. At most one of the three clips. */
  clipnorm?: number | undefined;
  /** Cuts each element of a gradient off at this magnitude; > 0. Not by default. */
  clipvalue?: number | undefined;
  /** Scales all gradients down together where the norm of all of them is larger; > 0. Not by default. */
  globalClipnorm?: number | undefined;
  /**
   * w -= learningRate * weightDecay * w before each step, biases included: AdamW's decay, which is not the L2 regularizer; >= 0.
   * None by default, and 0.004 of AdamW.
   */
  weightDecay?: number | undefined;
  /** Keeps an exponential moving average of the weights, which validation, `evaluate` and `predict` use; false by default. */
  useEma?: boolean | undefined;
  /** average = emaMomentum * average + (1 - emaMomentum) * w after each update, 0 to 1; 0.99 by default. */
  emaMomentum?: number | undefined;
  /** After every so many updates the weights become their average; an integer >= 1. Never by default. */
  emaOverwriteFrequency?: number | undefined;
}

/** Options of Nadam and Adamax. */
export interface NadamOptions extends OptimizerOptions {
  /** Decay of the average of gradients, 0 to 0.999999; 0.9 by default. */
  beta1?: number | undefined;
  /** Decay of the average of squared gradients, or of their largest, 0 to 0.9999999; 0.999 by default. */
  beta2?: number | undefined;
  /** Added to the divisor, > 0; 1e-7 by default, as in Keras. */
  epsilon?: number | undefined;
}

/** Options of Adam and AdamW. */
export interface AdamOptions extends NadamOptions {
  /** Divides by the largest average of squares so far (Reddi and others 2018); false by default. */
  amsgrad?: boolean | undefined;
}

export interface SgdOptions extends OptimizerOptions {
  /** The share of the last step that is added to the next, 0 to 1; 0 by default. */
  momentum?: number | undefined;
  /** Nesterov's momentum; false by default. */
  nesterov?: boolean | undefined;
}

export interface RmspropOptions extends OptimizerOptions {
  /** Decay of the average of squared gradients, 0 to 1; 0.9 by default. */
  rho?: number | undefined;
  /** The share of the last step that is added to the next, 0 to 1; 0 by default. */
  momentum?: number | undefined;
  /** Added under the root, > 0; 1e-7 by default. */
  epsilon?: number | undefined;
  /** Divides by the gradients' standard deviation in place of their root mean square; false by default. */
  centered?: boolean | undefined;
}

export interface AdagradOptions extends OptimizerOptions {
  /** The sum of squared gradients starts here, >= 0; 0.1 by default. */
  initialAccumulatorValue?: number | undefined;
  /** Added under the root, > 0; 1e-7 by default. */
  epsilon?: number | undefined;
}

export interface LionOptions extends OptimizerOptions {
  /** The share of the average in the direction of a step, 0 to 1; 0.9 by default. */
  beta1?: number | undefined;
  /** Decay of the average of gradients, 0 to 1; 0.99 by default. */
  beta2?: number | undefined;
}

export interface MuonOptions extends OptimizerOptions {
  /** Decay of the sum of gradients, 0 to 1; 0.95 by default. */
  momentum?: number | undefined;
  /** Nesterov's momentum; true by default. */
  nesterov?: boolean | undefined;
  /** Iterations of Newton and Schulz, 1 to 20; 5 by default. */
  nsSteps?: number | undefined;
  /** The optimizer of the tensors that are not kernels; `'adam'` by default. */
  others?: 'adam' | 'sgd' | undefined;
  /** Adam's learning rate over Muon's, >= 0; 0.1 by default. */
  adamLrRatio?: number | undefined;
  /** Adam's beta1, 0 to 0.999999; 0.9 by default. */
  adamBeta1?: number | undefined;
  /** Adam's beta2, 0 to 0.9999999; 0.999 by default. */
  adamBeta2?: number | undefined;
  /** Adam's epsilon, > 0; 1e-7 by default. */
  epsilon?: number | undefined;
}

/** The options of each optimizer. A test compares them with the schemas, which check them. */
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
