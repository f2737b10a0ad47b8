import type { HealthLevel } from '../health/health.ts';
import type { CompiledModel } from '../model/graph.ts';
import type { FilledMetric } from '../model/metrics/index.ts';
import type { FilledOptimizer } from '../model/optimizer.ts';
import type { InputView } from './input.ts';

/** What a trainer was asked for, checked and filled in. */
export interface Settings {
  model: CompiledModel;
  classes: number;
  optimizer: FilledOptimizer;
  batchSize: number;
  seed: number;
  inputView: InputView;
  /** Calls with a batch bring shares of classes for labels. */
  takesShares: boolean;
  /** A loss against shares is needed at all. */
  soft: boolean;
  health: HealthLevel;
  /** Steps from one probe to the next. */
  probeEvery: number;
  /** Of evaluations, beside loss and accuracy. */
  metrics: readonly FilledMetric[];
}
