import type { Outcome } from '../../src/cli/headless/protocol.ts';
import type { Opening } from '../../src/cli/session.ts';
import type { ImageUse } from '../../src/image_source.ts';
import type { Model } from '../../src/model/graph.ts';
import type { OptimizerConfig } from '../../src/model/optimizers/index.ts';

/** In the order in which they take their turns. The first is what the others are compared with. */
export const contenders = ['wgrad', 'wgrad, augmented', 'TensorFlow.js', 'jax-js'] as const;

export type ContenderName = (typeof contenders)[number];

/** Steps that a contender has done, and how long that took. */
export interface Timed {
  steps: number;
  ms: number;
  /** The loss of each step, before its update. */
  losses: number[];
}

/** What measuring gradient health adds to a step. */
export interface HealthCost {
  dispatches: number;
  /** Of a step's record, with it. */
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
  /** Milliseconds from the first step on. */
  ms: number;
}

/** A network that is timed on images of noise. */
export interface ScaleOrder {
  model: Model;
  batchSize: number;
  imageShape: [number, number, number];
  classes: number;
  /** Milliseconds; one step at least is timed. */
  ms: number;
}

/** How that went. */
export interface Streamed {
  network: StreamedNetwork;
  steps: number;
  /** Bytes of the trainer and of the images. */
  gpuBytes: number;
  use: ImageUse;
}

/** What the bench's page offers, as `window.wgrad`. */
export interface BenchPage extends Opening {
  /** Fetches the data set that the command serves. @param model what the contenders train. */
  prepare(model: Model): Promise<Outcome<void>>;
  /** GFLOP/s of multiply-adds in registers. */
  ceiling(): Promise<Outcome<number>>;
  /** Images a second of the tutorial's augmentation alone, measured for so many milliseconds. */
  augment(imageShape: readonly number[], ms: number): Promise<Outcome<number>>;
  /** Milliseconds a step of the tutorial's network, without augmentation, with health off or with its figures of every step. */
  health(level: 'off' | 'norms', batchSize: number, steps: number): Promise<Outcome<number>>;
  healthCost(batchSize: number): Promise<Outcome<HealthCost>>;
  /** Milliseconds a batch of so many images, over so many batches of training without augmentation. */
  stepTime(options: StepOptions, batchSize: number, batches: number): Promise<Outcome<number>>;
  /** Milliseconds a step of a network. */
  scaleStep(order: ScaleOrder): Promise<Outcome<number>>;
  /** JPEG files that the command will serve, as base64. */
  drawPictures(first: number, count: number, imageShape: readonly number[]): Promise<Outcome<string[]>>;
  stream(order: StreamOrder): Promise<Outcome<Streamed>>;
  /** From nothing but the loaded page to the first finished step. */
  start(name: ContenderName, batchSize: number): Promise<Outcome<Timed>>;
  /** The next steps of a contender that was started. */
  train(name: ContenderName, steps: number): Promise<Outcome<Timed>>;
}
