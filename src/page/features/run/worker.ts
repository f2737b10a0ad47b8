import { fingerprintOf } from '../../../data/fingerprint.ts';
import { counted } from '../../../figures.ts';
import type { ImagesUsed } from '../../../image_source.ts';
import {
  type AugmentationConfig,
  DataError,
  type Dataset,
  DeviceLostError,
  type Evaluation,
  fingerprint,
  type LearningRate,
  type OptimizerConfig,
  type Snapshot,
  type StoppedEarly,
  type TrainAndTest,
  type Trainer,
  type TwinActivations,
  takeFirst,
  WgradError,
} from '../../../index.ts';
import { type RunRequest, trainerOptionsOf } from '../../../session/run_request.ts';
import { type ResumeFrom, type RunListener, TrainingRun } from '../../../session/training_run.ts';
import { load } from '../../app/worker/datasets.ts';
import { device, keepDevice } from '../../app/worker/device.ts';
import type { UnderWay } from './run_control.ts';

/** A run of the page, with every option given. */
export interface TrainRequest extends RunRequest {
  optimizer: OptimizerConfig;
  augmentation: AugmentationConfig;
  batchSize: number;
  seed: number;
  /** Waits for `step` or `resume` before the first step. */
  paused: boolean;
}

/** Receives the events of a run on the page. Made with comlink's `proxy`. */
export type Listener = Required<Omit<RunListener, 'state'>> & {
  /** Called when the GPU was lost: the run continues by itself on a new device, or ends with an error. */
  lost: () => unknown;
};

export interface Trained {
  stopped: boolean;
  /** Set if earlyStopping ended the run. */
  stoppedEarly?: StoppedEarly;
  skippedSteps: number;
  /** Sentences about streamed images, and whether reading or training was the bottleneck. */
  images?: string[];
  /** Evaluation on the test images if the run was stopped in the middle of an epoch. */
  partialEpoch?: Evaluation;
}

/** A network and its training data. */
export interface Session {
  request: TrainRequest;
  trainer: Trainer;
  imageShape: Dataset['imageShape'];
  classNames: string[];
  /** Target names instead of classes. */
  targetNames?: string[];
  /** The images that the request selects; undefined if those of a run from a file are unavailable. */
  training?: Dataset;
  test?: Dataset;
  /** Fingerprint of the images, if its file contains one and they are unavailable. */
  data?: string;
  /** Undefined if it came from a file. */
  run?: TrainingRun;
}

/** The network that is being trained or was trained last: it can be used until the next one is created. */
let session: Session | undefined;

/** The current session, for questions about its network. */
export const current = (): Session | undefined => session;

/** Twins, whose networks answer only while they train. */
export interface TwinsSession {
  activations: TwinActivations;
  test: Dataset;
}

let twins: TwinsSession | undefined;

/** The twins that are being trained or were trained last, unless a single network came later. */
export const currentTwins = (): TwinsSession | undefined => twins;

export function adoptTwins(others: TwinsSession): void {
  twins = others;
}

/** Fingerprint of the images that it was trained on, if known. */
export const dataOf = async ({ training, test, data }: Session): Promise<string | undefined> =>
  training && test ? fingerprint({ train: training, test }) : data;

/** Replaces the current network. @param snapshot the state from which it can resume. */
export function adopt(other: Session, snapshot: Snapshot): void {
  drop();
  kept = { request: other.request, imageShape: other.imageShape, snapshot };
  session = other;
}

/** The state from which the last run, trained or loaded, can resume: its end, or its last epoch before the device was lost. */
let kept: { request: TrainRequest; imageShape: Dataset['imageShape']; snapshot: Snapshot } | undefined;

/** The state from which a run resumes. */
export interface From {
  /** Number of steps that were completed. */
  step: number;
  learningRate: LearningRate;
}

/** Undefined if the last run can't be resumed: there is none, or its numbers are not finite. */
export async function resumesFrom(): Promise<From | undefined> {
  if (!kept) return undefined;
  const { progress, learningRate } = kept.snapshot;
  return { step: progress.step, learningRate };
}

/** Discards the network and its state, because something else comes next. */
export function drop(): void {
  kept = undefined;
  twins = undefined;
  session?.trainer.dispose();
  session = undefined;
}

/** @throws ErrorParts for any failure; events that were reported before remain valid. */
export function train(request: TrainRequest, listener: Listener, underWay: UnderWay): Promise<Trained> {
  kept = undefined;
  return run(request, listener, underWay);
}

/** Resumes after `resumesFrom`, to the same bits as without the interruption. */
export async function resumeRun(rest: ResumeFrom, listener: Listener, underWay: UnderWay): Promise<Trained> {
  if (!kept) throw new WgradError({ what: 'There is no run to resume', fix: 'train again' });
  const { fit, ...request } = kept.request;
  // A user who resumes a run that stopped early wants it to continue, so early stopping is removed.
  const { earlyStopping, ...others } = fit ?? {};
  const isOver = kept.snapshot.callbacks?.earlyStopping?.stoppedEpoch !== undefined;
  return run(
    { ...request, ...(fit && { fit: isOver ? others : fit }), epochs: rest.epochs, paused: false },
    listener,
    underWay,
    rest,
  );
}

async function run(
  asked: TrainRequest,
  listener: Listener,
  { pace, signal }: UnderWay,
  rest?: ResumeFrom,
): Promise<Trained> {
  const from = rest && kept;
  const { paused, ...wanted } = asked;
  const gpu = await device();
  const datasets = await load(asked);
  const test = takeFirst(datasets.test, asked.testSamples);
  const training = takeFirst(datasets.train, asked.trainSamples);
  // All available images.
  const request = { ...asked, trainSamples: training.count, testSamples: test.count };
  if (from) await requireSame({ train: training, test }, asked, from.imageShape);
  session?.trainer.dispose();
  session = undefined;
  const { imageShape, classNames, targetNames } = training;
  const run = new TrainingRun(gpu, trainerOptionsOf(wanted), { train: training, test });
  const { trainer } = run;
  session = { request, trainer, imageShape, classNames, ...(targetNames && { targetNames }), training, test, run };
  const keep = (snapshot: Snapshot) => {
    kept = { request, imageShape, snapshot };
  };
  const { learningRate, ...before } = rest ?? { epochs: asked.epochs };
  if (from) await run.restore(from.snapshot, learningRate);
  let isOver = false;
  gpu.lost.then(() => {
    if (!gpu.disposed && !isOver) listener.lost();
  });
  try {
    const { stopped, stoppedEarly, skippedSteps, partialEpoch, images } = await run.fit(
      // A state is captured every few seconds, so that a lost device costs no more than that.
      { ...asked.fit, ...before, pace, signal, onDeviceLost: 'reopen', keep: { epochs: true } },
      {
        begun: (bytes) => listener.begun(bytes),
        events: (events) => listener.events(events),
        paused: () => listener.paused(),
        state: keep,
      },
    );
    if (partialEpoch) keep(await trainer.snapshot());
    // If earlyStopping restored the best weights, the run resumes from them.
    if (stoppedEarly?.restoredBestWeights) keep(await trainer.snapshot());
    return {
      stopped,
      skippedSteps,
      ...(images && images.training.kind === 'streamed' && { images: await sentencesOf(images) }),
      ...(stoppedEarly && { stoppedEarly }),
      ...(partialEpoch && { partialEpoch: await trainer.evaluate(test) }),
    };
  } catch (error) {
    if (!(error instanceof DeviceLostError)) kept = undefined;
    throw error;
  } finally {
    isOver = true;
    if (trainer.gpu !== gpu) keepDevice(trainer.gpu);
  }
}

async function sentencesOf({ training }: ImagesUsed): Promise<string[]> {
  const { describeImageUse } = await import('../../../image_words.ts'); // loaded on demand, because few runs stream their images
  return describeImageUse(training, 'training').map((words) => `${words[0]!.toUpperCase()}${words.slice(1)}.`);
}

/** @throws DataError if the images differ from those that the run was trained on. */
async function requireSame(
  datasets: TrainAndTest,
  { dataset, trainSamples }: TrainRequest,
  shape: Dataset['imageShape'],
): Promise<void> {
  const { imageShape, classNames, count } = datasets.train;
  const isAlike = imageShape.join() === shape.join() && count === trainSamples;
  if (isAlike && session) await requireSameWeights(session, datasets);
  if (isAlike && (!session || (await hasImages(session, datasets)))) return;
  throw new DataError({
    what: `The images of ${dataset} are not those that this run was trained on`,
    found: `${count}${isAlike ? ' others' : ''} of ${imageShape.join(' x ')}, ${counted(classNames.length, 'class', 'classes')}`,
    expected: `${trainSamples} of ${shape.join(' x ')}`,
    fix: 'choose the images that it was trained on',
  });
}

/** @throws DataError if the sample weights differ from the run's, if those are known. */
async function requireSameWeights({ training }: Session, { train }: TrainAndTest): Promise<void> {
  if (!training || training.sampleWeights === train.sampleWeights) return;
  const [before, now] = await Promise.all([training, train].map(weightsOf));
  if (before === now) return;
  throw new DataError({
    what: "The training images' weights are not those that this run was trained with",
    found: now === undefined ? 'no weights' : before === undefined ? 'weights' : 'other weights',
    expected: before === undefined ? 'no weights' : 'the same weights',
    fix: before === undefined ? 'remove the weights' : 'choose the weights that it was trained with',
  });
}

const weightsOf = async ({ sampleWeights }: Dataset) => sampleWeights && (await fingerprintOf(sampleWeights));

/** Whether it was trained on these images; true if that is unknown. */
async function hasImages(of: Session, datasets: TrainAndTest): Promise<boolean> {
  // Usually both use the same buffer, which is faster to check.
  const isSame = (part: Dataset | undefined, { images }: Dataset) => part?.images.buffer === images.buffer;
  if (isSame(of.training, datasets.train) && isSame(of.test, datasets.test)) return true;
  const data = await dataOf(of);
  return data === undefined || data === (await fingerprint(datasets));
}

/** Sets the learning rate of the following steps. */
export async function setLearningRate(learningRate: LearningRate): Promise<void> {
  await session?.trainer.setLearningRate(learningRate);
}
