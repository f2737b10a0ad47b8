import {
  type AugmentationConfig,
  createTrainer,
  type Evaluation,
  type Model,
  type OptimizerConfig,
  type Trainer,
  takeFirst,
} from '../../index.ts';
import { News, type Told } from '../../train/news.ts';
import { load } from './datasets.ts';
import { device } from './device.ts';

/** A run: plain data, all of it checked by the library. */
export interface TrainRequest {
  dataset: string;
  model: Model;
  augmentation: AugmentationConfig;
  optimizer: OptimizerConfig;
  batchSize: number;
  seed: number;
  epochs: number;
  trainSamples: number;
  testSamples: number;
}

export interface Trained {
  stopped: boolean;
  skippedSteps: number;
  /** Bytes on the GPU that the trainer holds, data sets aside. */
  bytes: number;
  /** On the test images, of a network that a stop left in the middle of an epoch. */
  leftBehind?: Evaluation;
}

let stopping = new AbortController();
/** The network that was trained last: it stays to be asked, until the next one is made. */
let trainer: Trainer | undefined;

/** @param tell gets bundles of news, one after the other. */
export async function train(request: TrainRequest, tell: (news: Told[]) => unknown): Promise<Trained> {
  stopping = new AbortController();
  const { signal } = stopping;
  trainer?.dispose();
  trainer = undefined;
  const { dataset, epochs, trainSamples, testSamples, ...options } = request;
  const gpu = await device();
  const datasets = await load(dataset);
  const test = takeFirst(datasets.test, testSamples);
  const made = createTrainer(gpu, options);
  trainer = made;
  const news = new News(tell);
  try {
    const { stopped, skippedSteps, steps } = await made.fit(takeFirst(datasets.train, trainSamples), {
      epochs,
      validationData: test,
      signal,
      onStep: (step, { epochSteps }) => news.add({ step, epochSteps, at: performance.now() }),
      onEpoch: (epoch) => news.add({ epoch }),
    });
    const amidst = steps.length % Math.ceil(trainSamples / options.batchSize) !== 0;
    return {
      stopped,
      skippedSteps,
      bytes: made.memory.bytes,
      ...(amidst && { leftBehind: await made.evaluate(test) }),
    };
  } finally {
    await news.sent();
  }
}

/** Ends `train` after the step that it is in. */
export const stop = (): void => stopping.abort();
