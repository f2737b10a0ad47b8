import type { MetricValue } from './metric_definition.ts';

/** The values of metrics under their own names; a metric with another `name` is found under that. */
export interface MetricFigures {
  /** Share of the samples whose class is among the k most probable ones, 0 to 1. */
  topKCategoricalAccuracy?: number;
  /** Over all classes, by the metric's `average`. */
  precision?: number;
  /** A number for each class, in their order. */
  precisionByClass?: number[];
  /** Share of a class's samples that were predicted as it, mean over the classes, 0 to 1. */
  recall?: number;
  /** The same for each class. */
  recallByClass?: number[];
  /** Harmonic mean of precision and recall, mean over the classes, 0 to 1. */
  f1Score?: number;
  /** The same for each class. */
  f1ScoreByClass?: number[];
  /** Mean recall of the classes that there are samples of, 0 to 1. */
  balancedAccuracy?: number;
  /** [label][prediction]: how many samples. */
  confusionMatrix?: number[][];
}

/** The same of a validation: Keras' names of a history in camelCase, `validationF1Score` for `val_f1_score`. */
export type ValidationFigures = {
  [Name in keyof MetricFigures as `validation${Capitalize<Name>}`]?: MetricFigures[Name];
} & { [name: `validation${string}`]: MetricValue | undefined };
