import type { MetricValue } from './metric_definition.ts';

/** The values of metrics under their own names; a metric with another `name` is found under that. */
export interface MetricFigures {
  topKCategoricalAccuracy?: number;
  /** Over all classes, by the metric's `average`. */
  precision?: number;
  /** A number for each class, in their order. */
  precisionByClass?: number[];
  recall?: number;
  recallByClass?: number[];
  f1Score?: number;
  f1ScoreByClass?: number[];
  balancedAccuracy?: number;
  /** [label][prediction]: how many samples. */
  confusionMatrix?: number[][];
}

/** The same of a validation: Keras' names of a history in camelCase, `validationF1Score` for `val_f1_score`. */
export type ValidationFigures = {
  [Name in keyof MetricFigures as `validation${Capitalize<Name>}`]?: MetricFigures[Name];
} & { [name: `validation${string}`]: MetricValue | undefined };
