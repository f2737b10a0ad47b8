import {
  type AugmentationConfig,
  createTrainer,
  type Dataset,
  DeviceLostError,
  type Evaluation,
  type HealthLevel,
  type Model,
  type OptimizerConfig,
  type Snapshot,
  type Trainer,
  takeFirst,
  WgradError,
} from '../../index.ts';
import { News, type Told } from '../../train/news.ts';
import { load } from './datasets.ts';
import { device } from './device.ts';
import { begin } from './under_way.ts';

/** A run: plain data, all of it checked by the library. */
export interface TrainRequest {
  dataset: string;
  model: Model;
  augmentation: AugmentationConfig;
  optimizer: OptimizerConfig;
  batchSize: number;
  seed: number;
  health: HealthLevel;
  /** Of the level `full`. */
  probeEvery?: number;
  epochs: number;
  trainSamples: number;
  testSamples: number;
  /** Waits for `step` or `resume` before the first step. */
  paused: boolean;
}

/** Bytes on the GPU. */
export interface GpuBytes {
  /** Weights, gradients, moments, activations of a batch. */
  trainer: number;
  /** Images and labels, training and validation. */
  datasets: number;
}

/** Who is told of a run. Made with comlink's `proxy`. */
export interface Listener {
  /** Everything is on the GPU: steps come next, or a pause. */
  begun(bytes: GpuBytes): void;
  /** Bundles, one after the other. */
  news(news: Told[]): void;
  /** All steps that were let through are done and told. */
  paused(): void;
}

export interface Trained {
  stopped: boolean;
  skippedSteps: number;
  /** On the test images, of a network that a stop left in the middle of an epoch. */
  leftBehind?: Evaluation;
}

/** A network and what it is trained on. */
export interface Session {
  request: TrainRequest;
  trainer: Trainer;
  imageShape: Dataset['imageShape'];
  classNames: string[];
  /** As far as the request wants them; a run from a file may have been trained on what isn't to be had. */
  training?: Dataset;
  test?: Dataset;
}

/** The network that was trained last, or is being: it stays to be asked, until the next one is made. */
let session: Session | undefined;

/** What there is to be asked. */
export const current = (): Session | undefined => session;

/** Takes a network in place of the one that is there. */
export function adopt(other: Session): void {
  session?.trainer.dispose();
  session = other;
}

/** The end of the last epoch of the run that was trained last, and whether its device went away behind that. */
let kept: { request: TrainRequest; snapshot: Snapshot } | undefined;
let isLost = false;

/** The last epoch that a run can go on from whose device was lost; undefined where there is none. */
export const lastEpoch = async (): Promise<number | undefined> =>
  isLost && kept && kept.snapshot.progress.epochs < kept.request.epochs ? kept.snapshot.progress.epochs : undefined;

/** Lets the network go, with what it might go on from: what comes next is not it. */
export function drop(): void {
  kept = undefined;
  isLost = false;
  session?.trainer.dispose();
  session = undefined;
}

/** @throws ErrorParts of what goes wrong on the way; what was told before stays true. */
export function train(request: TrainRequest, listener: Listener): Promise<Trained> {
  kept = undefined;
  return run(request, listener);
}

/** Trains what a lost device has left, from the end of `lastEpoch` on: to the bits that it would have had. */
export async function goOn(listener: Listener): Promise<Trained> {
  if (!kept) throw new WgradError({ what: 'There is no epoch to go on from', fix: 'train again' });
  return run({ ...kept.request, paused: false }, listener, kept.snapshot);
}

async function run(request: TrainRequest, listener: Listener, from?: Snapshot): Promise<Trained> {
  isLost = false;
  session?.trainer.dispose();
  session = undefined;
  const { dataset, epochs, trainSamples, testSamples, paused, ...options } = request;
  const { pace, signal } = begin(paused);
  const gpu = await device();
  const datasets = await load(dataset);
  const test = takeFirst(datasets.test, testSamples);
  const training = takeFirst(datasets.train, trainSamples);
  const trainer = createTrainer(gpu, options);
  const { imageShape, classNames } = training;
  session = { request, trainer, imageShape, classNames, training, test };
  if (from) await trainer.restore(from);
  const done = { epoch: from?.progress.epochs ?? 0, step: from?.progress.step ?? 0 };
  /** `fit` counts from 1; the run goes on. */
  const counted = <T extends { step: number; epoch: number }>(record: T): T => ({
    ...record,
    step: record.step + done.step,
    epoch: record.epoch + done.epoch,
  });
  const news = new News((told) => listener.news(told));
  let epochSteps = 1;
  const bytesOf = ({ images, labels }: Dataset) => images.byteLength + labels.byteLength;
  // Its turn comes when the pipelines and buffers are made.
  trainer.meanwhile.getWeights().then(
    () => listener.begun({ trainer: trainer.memory.bytes, datasets: bytesOf(training) + bytesOf(test) }),
    () => undefined, // fit tells
  );
  try {
    const { stopped, skippedSteps, steps } = await trainer.fit(training, {
      epochs: epochs - done.epoch,
      validationData: test,
      pace,
      signal,
      onStep: (step, progress) => {
        ({ epochSteps } = progress);
        news.add({ step: counted(step), epochSteps, at: performance.now() });
      },
      onEpoch: (epoch) => {
        news.add({ epoch: { ...epoch, epoch: epoch.epoch + done.epoch } });
        trainer.meanwhile.snapshot().then(
          (snapshot) => {
            kept = { request, snapshot };
          },
          () => undefined, // fit tells
        );
      },
      onVerdict: (verdict) => news.add({ verdict: counted(verdict) }),
      onProbe: (probe) => news.add({ probe: { ...probe, step: probe.step + done.step } }),
      onPause: () => news.sent().then(() => listener.paused()),
    });
    // Of fewer images, where a validationSplit has taken some.
    const amidst = steps.length % epochSteps !== 0;
    return { stopped, skippedSteps, ...(amidst && { leftBehind: await trainer.evaluate(test) }) };
  } catch (error) {
    isLost = error instanceof DeviceLostError;
    throw error;
  } finally {
    await news.sent();
  }
}

/** Of the steps to come. */
export async function setLearningRate(learningRate: number): Promise<void> {
  await session?.trainer.setLearningRate(learningRate);
}
