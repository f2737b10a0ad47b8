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
  takeFirst,
  WgradError,
} from '../../../index.ts';
import { type RunRequest, trainerOptionsOf } from '../../../session/run_request.ts';
import { type ResumeFrom, type RunListener, TrainingRun } from '../../../session/training_run.ts';
import { load } from '../../app/worker/datasets.ts';
import { device, keepDevice } from '../../app/worker/device.ts';
import type { UnderWay } from './run_control.ts';

/** A run of the page, which gives every option. */
export interface TrainRequest extends RunRequest {
  optimizer: OptimizerConfig;
  augmentation: AugmentationConfig;
  batchSize: number;
  seed: number;
  /** Waits for `step` or `resume` before the first step. */
  paused: boolean;
}

/** The page, to which a run reports. Made with comlink's `proxy`. */
export type Listener = Required<Omit<RunListener, 'state'>> & {
  /** The GPU was lost: the run goes on by itself on a new device, or ends with an error. */
  lost: () => unknown;
};

export interface Trained {
  stopped: boolean;
  /** earlyStopping ended it. */
  stoppedEarly?: StoppedEarly;
  skippedSteps: number;
  /** Sentences about images that were streamed, and who waited for whom. */
  images?: string[];
  /** On the test images, of a network that a stop left in the middle of an epoch. */
  partialEpoch?: Evaluation;
}

/** A network and what it is trained on. */
export interface Session {
  request: TrainRequest;
  trainer: Trainer;
  imageShape: Dataset['imageShape'];
  classNames: string[];
  /** In place of classes. */
  targetNames?: string[];
  /** As far as the request wants them; a run from a file may have been trained on what isn't to be had. */
  training?: Dataset;
  test?: Dataset;
  /** A fingerprint of them, if its file states one and they are not here. */
  data?: string;
  /** Undefined where it came from a file. */
  run?: TrainingRun;
}

/** The network that was trained last, or is being: it stays to be asked, until the next one is made. */
let session: Session | undefined;

/** What there is to be asked. */
export const current = (): Session | undefined => session;

/** A fingerprint of the images that it was trained on, as far as they are known. */
export const dataOf = async ({ training, test, data }: Session): Promise<string | undefined> =>
  training && test ? fingerprint({ train: training, test }) : data;

/** Takes a network in place of the one that is there. @param snapshot it goes on from that. */
export function adopt(other: Session, snapshot: Snapshot): void {
  drop();
  kept = { request: other.request, imageShape: other.imageShape, snapshot };
  session = other;
}

/** Where the run that was trained last, or loaded, goes on: at its end, or where its device was lost, at its last epoch's. */
let kept: { request: TrainRequest; imageShape: Dataset['imageShape']; snapshot: Snapshot } | undefined;

/** What a run goes on from. */
export interface From {
  /** Steps that it had done. */
  step: number;
  learningRate: LearningRate;
}

/** Undefined where the run that was trained last can't go on: it is none, or its numbers are not finite. */
export async function resumesFrom(): Promise<From | undefined> {
  if (!kept) return undefined;
  const { progress, learningRate } = kept.snapshot;
  return { step: progress.step, learningRate };
}

/** Lets the network go, with what it might go on from: what comes next is not it. */
export function drop(): void {
  kept = undefined;
  session?.trainer.dispose();
  session = undefined;
}

/** @throws ErrorParts of what goes wrong on the way; what was reported before remains true. */
export function train(request: TrainRequest, listener: Listener, underWay: UnderWay): Promise<Trained> {
  kept = undefined;
  return run(request, listener, underWay);
}

/** Resumes after `resumesFrom`, to the bits that the run would have had if nothing had come between. */
export async function resumeRun(rest: ResumeFrom, listener: Listener, underWay: UnderWay): Promise<Trained> {
  if (!kept) throw new WgradError({ what: 'There is nothing to go on from', fix: 'train again' });
  const { fit, ...request } = kept.request;
  // Whoever resumes a run that stopped early wants it to go on.
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
  // As many as there are.
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
      // A state every few seconds, so that a lost device costs no more.
      { ...asked.fit, ...before, pace, signal, onDeviceLost: 'reopen', keep: { epochs: true } },
      {
        begun: (bytes) => listener.begun(bytes),
        events: (events) => listener.events(events),
        paused: () => listener.paused(),
        state: keep,
      },
    );
    if (partialEpoch) keep(await trainer.snapshot());
    // Where earlyStopping restored the best weights, the run goes on from them.
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
  const { describeImageUse } = await import('../../../image_words.ts'); // few runs stream their images
  return describeImageUse(training, 'training').map((words) => `${words[0]!.toUpperCase()}${words.slice(1)}.`);
}

/** @throws DataError where there are other images than those that the run has been trained on. */
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
    fix: 'bring the images that it began with',
  });
}

/** @throws DataError for images that count otherwise than those of the run, where those are here. */
async function requireSameWeights({ training }: Session, { train }: TrainAndTest): Promise<void> {
  if (!training || training.sampleWeights === train.sampleWeights) return;
  const [before, now] = await Promise.all([training, train].map(weightsOf));
  if (before === now) return;
  throw new DataError({
    what: "The training images' weights are not those that this run was trained with",
    found: now === undefined ? 'no weights' : before === undefined ? 'weights' : 'other weights',
    expected: before === undefined ? 'no weights' : 'the same weights',
    fix: before === undefined ? 'remove the weights' : 'choose the file of weights that it began with',
  });
}

const weightsOf = async ({ sampleWeights }: Dataset) => sampleWeights && (await fingerprintOf(sampleWeights));

/** Whether it was trained on these; so it is taken to be where nobody can tell. */
async function hasImages(of: Session, datasets: TrainAndTest): Promise<boolean> {
  // Mostly they are the very same bytes.
  const isSame = (part: Dataset | undefined, { images }: Dataset) => part?.images.buffer === images.buffer;
  if (isSame(of.training, datasets.train) && isSame(of.test, datasets.test)) return true;
  const data = await dataOf(of);
  return data === undefined || data === (await fingerprint(datasets));
}

/** Of the steps to come. */
export async function setLearningRate(learningRate: LearningRate): Promise<void> {
  await session?.trainer.setLearningRate(learningRate);
}
