/** Options of the losses of classes; the names and their meaning are Keras'. */
export interface ClassLossOptions {
  /**
   * How much of each label is spread over all classes, 0 to 1; 0 by default. With s, the label's class counts 1 - s + s / classes and
   * each other one s / classes.
   */
  labelSmoothing?: number | undefined;
}

/** Options of `binaryCrossentropy`. */
export interface BinaryCrossentropyOptions {
  /** Moves targets towards 1/2: t becomes t * (1 - s) + s / 2, 0 to 1; 0 by default. */
  labelSmoothing?: number | undefined;
}

/** Options of `categoricalFocalCrossentropy`: loss = -sum over k of alpha * (1 - p[k])^gamma * t[k] * log p[k]. */
export interface FocalCrossentropyOptions extends ClassLossOptions {
  /** What the whole loss is multiplied by, >= 0; 0.25 by default. */
  alpha?: number | undefined;
  /** How much less samples count that are predicted well, >= 0; 2 by default, 0 is the cross-entropy. */
  gamma?: number | undefined;
}

/** Options of `huber`. */
export interface HuberOptions {
  /** The error from which the loss grows linearly rather than with its square, > 0, in units of the target; 1 by default. */
  delta?: number | undefined;
}

/** The options of a loss that has none. */
export type NoLossOptions = Record<never, never>;

/** The options of each loss. A test compares them with the schemas, which check them. */
export interface LossOptionsByType {
  /** -log p[label], of a model that ends in softmax: classes as labels. The default. */
  sparseCategoricalCrossentropy: ClassLossOptions;
  /** The same for shares of classes as labels, [n, classes] numbers. */
  categoricalCrossentropy: ClassLossOptions;
  /** The same with samples that are predicted well counting less (Lin et al. 2017). */
  categoricalFocalCrossentropy: FocalCrossentropyOptions;
  /** For a model that ends in sigmoid: labels that do not exclude each other, or two classes. */
  binaryCrossentropy: BinaryCrossentropyOptions;
  /** The mean of (y - t)^2, for numbers instead of classes. */
  meanSquaredError: NoLossOptions;
  /** The mean of |y - t|, for numbers instead of classes. */
  meanAbsoluteError: NoLossOptions;
  /** Squared near zero, linear beyond `delta`: numbers of which some lie far off. */
  huber: HuberOptions;
}
