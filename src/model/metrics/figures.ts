import type { MetricValue } from './metric_definition.ts';

/** The values of metrics under their default names. A metric with another `name` is stored under that name. */
export interface MetricFigures {
  /** Fraction of samples whose class is among the k most probable ones, 0 to 1. */
  topKCategoricalAccuracy?: number;
  /** Averaged over all classes according to the metric's `average`. */
  precision?: number;
  /** One number per class, in class order. */
  precisionByClass?: number[];
  /** Fraction of a class's samples that were predicted as that class, averaged over the classes, 0 to 1. */
  recall?: number;
  /** One number per class. */
  recallByClass?: number[];
  /** Harmonic mean of precision and recall, averaged over the classes, 0 to 1. */
  f1Score?: number;
  /** One number per class. */
  f1ScoreByClass?: number[];
  /** Mean recall over the classes that have samples, 0 to 1. */
  balancedAccuracy?: number;
  /** [label][prediction]: number of samples. */
  confusionMatrix?: number[][];
}

/** The same for a validation, under Keras' history names in camelCase: `validationF1Score` for `val_f1_score`. */
export type ValidationFigures = {
  [Name in keyof MetricFigures as `validation${Capitalize<Name>}`]?: MetricFigures[Name];
} & { [name: `validation${string}`]: MetricValue | undefined };
