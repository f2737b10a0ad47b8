/** Options of the classification losses; the names and their meaning are Keras'. */
export interface ClassLossOptions {
  /**
   * Fraction of each label that is spread over all classes, 0 to 1; 0 by default. With s, the label's class gets 1 - s + s /
   * classes and every other class s / classes.
   */
  labelSmoothing?: number | undefined;
}

/** Options of `binaryCrossentropy`. */
export interface BinaryCrossentropyOptions {
  /** Moves targets towards 1/2: t becomes t * (1 - s) + s / 2, with s from 0 to 1; 0 by default. */
  labelSmoothing?: number | undefined;
}

/** Options of `categoricalFocalCrossentropy`: loss = -sum over k of alpha * (1 - p[k])^gamma * t[k] * log p[k]. */
export interface FocalCrossentropyOptions extends ClassLossOptions {
  /** Factor for the whole loss, >= 0; 0.25 by default. */
  alpha?: number | undefined;
  /** How strongly well-predicted samples are down-weighted, >= 0; 2 by default. 0 gives the cross-entropy. */
  gamma?: number | undefined;
}

/** Options of `huber`. */
export interface HuberOptions {
  /** Absolute error above which the loss grows linearly instead of quadratically, > 0, in units of the target; 1 by default. */
  delta?: number | undefined;
}

/** The options of a loss that has none. */
export type NoLossOptions = Record<never, never>;

/** The options of each loss. A test compares them with the schemas that validate them. */
export interface LossOptionsByType {
  /** -log p[label] for a model that ends in softmax, with class labels. The default. */
  sparseCategoricalCrossentropy: ClassLossOptions;
  /** The same with class probabilities as labels: [n, classes] numbers. */
  categoricalCrossentropy: ClassLossOptions;
  /** Like `categoricalCrossentropy`, with well-predicted samples down-weighted (Lin et al. 2017). */
  categoricalFocalCrossentropy: FocalCrossentropyOptions;
  /** For a model that ends in sigmoid: independent labels, or two classes. */
  binaryCrossentropy: BinaryCrossentropyOptions;
  /** The mean of (y - t)^2, for regression. */
  meanSquaredError: NoLossOptions;
  /** The mean of |y - t|, for regression. */
  meanAbsoluteError: NoLossOptions;
  /** Quadratic near zero and linear beyond `delta`, for regression with outliers. */
  huber: HuberOptions;
}
