/** Options of every metric. */
export interface MetricOptions {
  /**
   * Name of the value in evaluations and, prefixed with `validation`, in records of epochs: a letter, then letters, digits and
   * underscores. The metric's type by default.
   */
  name?: string | undefined;
}

/** Options of metrics with a value per class. */
export interface AveragedMetricOptions extends MetricOptions {
  /**
   * How the values of the classes are averaged: `'macro'`, the default, is the unweighted mean; `'weighted'` weights each class
   * by its number of samples; `'micro'` is computed from the counts of all classes together.
   */
  average?: 'macro' | 'micro' | 'weighted' | undefined;
}

/** Options of `topKCategoricalAccuracy`. */
export interface TopKOptions extends MetricOptions {
  /** Number of most probable classes that must include the label: 1 to the number of classes; 5 by default. */
  k?: number | undefined;
}

/** The options of each metric. A test compares them with the schemas that validate them. */
export interface MetricOptionsByType {
  /** Fraction of samples whose label has the largest probability, 0 to 1. */
  accuracy: MetricOptions;
  /** Fraction of samples whose label is among the `k` most probable classes, 0 to 1. */
  topKCategoricalAccuracy: TopKOptions;
  /** Fraction of the samples predicted as a class that belong to it, 0 to 1. */
  precision: AveragedMetricOptions;
  /** Fraction of the samples of a class that were predicted as it, 0 to 1. */
  recall: AveragedMetricOptions;
  /** The harmonic mean of precision and recall, 0 to 1. */
  f1Score: AveragedMetricOptions;
  /** The mean recall over the classes that have samples, 0 to 1. */
  balancedAccuracy: MetricOptions;
  /** [label][prediction]: number of samples. */
  confusionMatrix: MetricOptions;
}
