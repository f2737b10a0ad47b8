/** Options of every metric. */
export interface MetricOptions {
  /**
   * What the figure is called in evaluations, and with `validation` before it in records of epochs: a letter, then letters, digits and
   * underscores. The metric's type by default.
   */
  name?: string | undefined;
}

/** Options of metrics with a figure for each class. */
export interface AveragedMetricOptions extends MetricOptions {
  /**
   * How the figures of the classes become one: `'macro'`, the default, is their mean, `'weighted'` the mean by the number of samples of
   * each class, `'micro'` the figure of the counts of all classes together.
   */
  average?: 'macro' | 'micro' | 'weighted' | undefined;
}

/** Options of `topKCategoricalAccuracy`. */
export interface TopKOptions extends MetricOptions {
  /** Among how many of the most probable classes the label has to be: 1 to the number of classes; 5 by default. */
  k?: number | undefined;
}

/** The options of each metric. A test compares them with the schemas, which check them. */
export interface MetricOptionsByType {
  /** Share of samples whose label has the largest probability, 0 to 1. */
  accuracy: MetricOptions;
  /** Share of samples whose label is among the `k` most probable classes, 0 to 1. */
  topKCategoricalAccuracy: TopKOptions;
  /** Of the samples predicted as a class, the share that belongs to it, 0 to 1. */
  precision: AveragedMetricOptions;
  /** Of the samples of a class, the share that was predicted as it, 0 to 1. */
  recall: AveragedMetricOptions;
  /** The harmonic mean of precision and recall, 0 to 1. */
  f1Score: AveragedMetricOptions;
  /** The mean recall of the classes that have samples, 0 to 1. */
  balancedAccuracy: MetricOptions;
  /** [label][prediction]: how many samples. */
  confusionMatrix: MetricOptions;
}
