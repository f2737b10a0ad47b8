import type { Outcome } from '../../src/cli/headless/protocol.ts';
import type { Opening } from '../../src/cli/session.ts';
import type { ImageUse } from '../../src/image_source.ts';
import type { Model } from '../../src/model/graph.ts';
import type { OptimizerConfig } from '../../src/model/optimizers/index.ts';

/** In the order of their turns. The first one is the baseline. */
export const contenders = ['wgrad', 'wgrad, augmented', 'TensorFlow.js', 'jax-js'] as const;

export type ContenderName = (typeof contenders)[number];

/** A contender's completed steps and their duration. */
export interface Timed {
  steps: number;
  ms: number;
  /** The loss of each step, before its update. */
  losses: number[];
}

/** Cost of measuring gradient health per step. */
export interface HealthCost {
  dispatches: number;
  /** Bytes of a step's record, including health. */
  recordBytes: number;
}

/** How a trainer updates the weights. */
export interface StepOptions {
  optimizer: OptimizerConfig;
  accumulationSteps?: number;
}

export type StreamedNetwork = 'two layers' | 'five layers';

/** A network to be trained on the pictures that the command serves. */
export interface StreamOrder {
  network: StreamedNetwork;
  pictures: number;
  imageShape: readonly number[];
  memoryBudget: number;
  batchSize: number;
  /** Milliseconds since the first step. */
  ms: number;
}

/** A network to be timed on images of noise. */
export interface ScaleOrder {
  model: Model;
  batchSize: number;
  imageShape: [number, number, number];
  classes: number;
  /** Milliseconds; at least one step is timed. */
  ms: number;
}

/** Result of a streamed training. */
export interface Streamed {
  network: StreamedNetwork;
  steps: number;
  /** GPU bytes of the trainer and of the images. */
  gpuBytes: number;
  use: ImageUse;
}

/** Interface of the bench's page, as `window.wgrad`. */
export interface BenchPage extends Opening {
  /** Fetches the data set that the command serves. @param model that the contenders train. */
  prepare(model: Model): Promise<Outcome<void>>;
  /** GFLOP/s of multiply-adds on registers. */
  ceiling(): Promise<Outcome<number>>;
  /** Images per second of the tutorial's augmentation alone, measured for `ms` milliseconds. */
  augment(imageShape: readonly number[], ms: number): Promise<Outcome<number>>;
  /** Milliseconds per step of the tutorial's network without augmentation, with health off or at the level `norms`. */
  health(level: 'off' | 'norms', batchSize: number, steps: number): Promise<Outcome<number>>;
  healthCost(batchSize: number): Promise<Outcome<HealthCost>>;
  /** Milliseconds per batch of training without augmentation, over `batches` batches. */
  stepTime(options: StepOptions, batchSize: number, batches: number): Promise<Outcome<number>>;
  /** Milliseconds per step of a network. */
  scaleStep(order: ScaleOrder): Promise<Outcome<number>>;
  /** JPEG files that the command will serve, as base64. */
  drawPictures(first: number, count: number, imageShape: readonly number[]): Promise<Outcome<string[]>>;
  stream(order: StreamOrder): Promise<Outcome<Streamed>>;
  /** Starts a contender: from the loaded page to the first finished step. */
  start(name: ContenderName, batchSize: number): Promise<Outcome<Timed>>;
  /** The next steps of a started contender. */
  train(name: ContenderName, steps: number): Promise<Outcome<Timed>>;
}
