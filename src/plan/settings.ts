import type { KernelVariants } from '../gpu/variants.ts';
import type { HealthLevel } from '../health/health.ts';
import type { CompiledModel } from '../model/graph.ts';
import type { FilledLoss } from '../model/loss.ts';
import type { FilledMetric } from '../model/metrics/index.ts';
import type { FilledOptimizer } from '../model/optimizer.ts';
import type { InputView } from './input.ts';

/** The options of a trainer, checked and filled in. */
export interface Settings {
  model: CompiledModel;
  /** Numbers that the model gives for a sample: its classes, where the loss is of classes. */
  outputs: number;
  loss: FilledLoss;
  optimizer: FilledOptimizer;
  /** Samples that are computed at once: a batch, or a micro-batch of a step that has several. */
  batchSize: number;
  /** Micro-batches of a step, whose gradients are added up. */
  accumulationSteps: number;
  seed: number;
  inputView: InputView;
  /** For a loss of classes: soft labels are used, too. */
  soft: boolean;
  health: HealthLevel;
  /** Steps from one probe to the next. */
  probeEvery: number;
  /** Bytes of GPU memory that the trainer may take in all: weights, activations and images. */
  memoryBudget?: number;
  /** Metrics of evaluations, in addition to loss and accuracy. */
  metrics: readonly FilledMetric[];
  /** The variants of kernels that are not the adapter's defaults; undefined where the adapter may be tuned. */
  kernelVariants?: KernelVariants;
}

/** The most samples of a training step. */
export const stepSamples = ({
  batchSize,
  accumulationSteps = 1,
}: {
  batchSize: number;
  accumulationSteps?: number | undefined;
}) => batchSize * accumulationSteps;
