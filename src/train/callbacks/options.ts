import type { MonitorMode } from '../monitor.ts';

/** Options of early stopping; the names and their meaning are those of Keras' EarlyStopping. */
export interface EarlyStoppingConfig {
  /** The figure of an epoch that is watched, by its name in `EpochRecord`; `'validationLoss'` by default. */
  monitor?: string | undefined;
  /** Epochs without an improvement after which training stops: an integer >= 0; 0 by default. */
  patience?: number | undefined;
  /** Only a change by more than this counts as an improvement, >= 0; 0 by default. */
  minDelta?: number | undefined;
  /** Whether less or more is better: `'min'`, `'max'`, or `'auto'`, the default, which knows it from the name. */
  mode?: MonitorMode | undefined;
  /** A value that has to be surpassed; none by default. */
  baseline?: number | undefined;
  /** Epochs at the beginning that are not watched: an integer >= 0; 0 by default. */
  startFromEpoch?: number | undefined;
  /** Whether the run ends with the weights of its best epoch; false by default. */
  restoreBestWeights?: boolean | undefined;
}

/** Options of the reduction of the learning rate; the names and their meaning are those of Keras' ReduceLROnPlateau. */
export interface ReduceLrOnPlateauConfig {
  /** The figure of an epoch that is watched, by its name in `EpochRecord`; `'validationLoss'` by default. */
  monitor?: string | undefined;
  /** What the learning rate is multiplied by, above 0 and below 1; 0.1 by default. */
  factor?: number | undefined;
  /** Epochs without an improvement after which the rate is reduced: an integer >= 0; 10 by default. */
  patience?: number | undefined;
  /** Whether less or more is better: `'min'`, `'max'`, or `'auto'`, the default, which knows it from the name. */
  mode?: MonitorMode | undefined;
  /** Only a change by more than this counts as an improvement, >= 0; 0.0001 by default. */
  minDelta?: number | undefined;
  /** Epochs after a reduction in which nothing is counted: an integer >= 0; 0 by default. */
  cooldown?: number | undefined;
  /** The learning rate is not reduced below this, >= 0; 0 by default. */
  minLr?: number | undefined;
}
