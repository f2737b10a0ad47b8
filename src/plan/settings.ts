import type { KernelVariants } from '../gpu/variants.ts';
import type { HealthLevel } from '../health/health.ts';
import type { CompiledModel } from '../model/graph.ts';
import type { FilledLoss } from '../model/loss.ts';
import type { FilledMetric } from '../model/metrics/index.ts';
import type { FilledOptimizer } from '../model/optimizer.ts';
import type { InputView } from './mix.ts';

/** A trainer's options after validation, with defaults filled in. */
export interface Settings {
  model: CompiledModel;
  /** Number of outputs per sample; the number of classes if the loss is one of classes. */
  outputs: number;
  loss: FilledLoss;
  optimizer: FilledOptimizer;
  /** Samples computed at once: a batch, or a micro-batch with accumulation. */
  batchSize: number;
  /** Micro-batches per step, whose gradients are added up. */
  accumulationSteps: number;
  seed: number;
  inputView: InputView;
  /** True if a classification loss also gets soft labels. */
  soft: boolean;
  health: HealthLevel;
  /** Steps between probes. */
  probeEvery: number;
  /** Maximum GPU memory of the trainer in bytes: weights, activations and images together. */
  memoryBudget?: number;
  /** Metrics computed in evaluations, besides loss and accuracy. */
  metrics: readonly FilledMetric[];
  /** As given; `loadKernels` checks it. */
  activationStorage?: 'float32' | 'float16' | undefined;
  /** The factor of the gradients of activations in float16. `loadKernels` checks it and fills in the default. */
  lossScale?: number | 'dynamic' | undefined;
  /** Kernel variants that replace the adapter's defaults; undefined if the tuner may choose them. */
  kernelVariants?: KernelVariants;
}

/** Maximum number of samples per training step. */
export const stepSamples = ({
  batchSize,
  accumulationSteps = 1,
}: {
  batchSize: number;
  accumulationSteps?: number | undefined;
}) => batchSize * accumulationSteps;
