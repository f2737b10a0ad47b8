import type { MonitorMode } from '../monitor.ts';

/** Options of early stopping; the names and their meaning are those of Keras' EarlyStopping. */
export interface EarlyStoppingConfig {
  /** The monitored value of an epoch, by its name in `EpochRecord`; `'validationLoss'` by default. */
  monitor?: string | undefined;
  /** Number of epochs without an improvement after which training stops: an integer >= 0; 0 by default. */
  patience?: number | undefined;
  /** Minimum change that counts as an improvement, >= 0; 0 by default. */
  minDelta?: number | undefined;
  /** Direction of improvement: `'min'`, `'max'`, or `'auto'`, the default, which derives it from the name. */
  mode?: MonitorMode | undefined;
  /** A value that must be improved on; none by default. */
  baseline?: number | undefined;
  /** Number of initial epochs that are ignored: an integer >= 0; 0 by default. */
  startFromEpoch?: number | undefined;
  /** Whether to restore the weights of the best epoch at the end; false by default. */
  restoreBestWeights?: boolean | undefined;
}

/** Options of the learning-rate reduction; the names and their meaning are those of Keras' ReduceLROnPlateau. */
export interface ReduceLrOnPlateauConfig {
  /** The monitored value of an epoch, by its name in `EpochRecord`; `'validationLoss'` by default. */
  monitor?: string | undefined;
  /** Factor for the learning rate, between 0 and 1 (exclusive); 0.1 by default. */
  factor?: number | undefined;
  /** Number of epochs without an improvement after which the rate is reduced: an integer >= 0; 10 by default. */
  patience?: number | undefined;
  /** Direction of improvement: `'min'`, `'max'`, or `'auto'`, the default, which derives it from the name. */
  mode?: MonitorMode | undefined;
  /** Minimum change that counts as an improvement, >= 0; 0.0001 by default. */
  minDelta?: number | undefined;
  /** Number of epochs after a reduction that are ignored: an integer >= 0; 0 by default. */
  cooldown?: number | undefined;
  /** Minimum learning rate, >= 0; 0 by default. */
  minLr?: number | undefined;
}
