import { expose } from 'comlink';
import type { DatasetFacts } from '../data/served_datasets.ts';
import { partsOf } from '../errors.ts';
import type { ModelFormat } from '../formats/export_model.ts';
import { type AdapterFacts, describeAugmentation, type LearningRate } from '../index.ts';
import type { ResumeFrom } from '../session/training_run.ts';
import {
  availability,
  type DatasetOverview,
  factsOf,
  forOwn,
  inspect,
  overviewOf,
  type Source,
} from './app/worker/datasets.ts';
import { device } from './app/worker/device.ts';
import { augmentedShape, type Preview, type PreviewRequest, previewOf } from './features/augmentation/worker.ts';
import type { activationsOf } from './features/network/worker.ts';
import * as underWay from './features/run/run_control.ts';
import type { Listener, TrainRequest } from './features/run/worker.ts';
import type { TwinsListener, TwinsRequest } from './features/twins/worker.ts';

/** What trains: a page shows its data before that is here. */
const session = () => import('./features/run/worker.ts');
/** Wanted by few visitors: fetched when it is. */
const runFile = () => import('./features/run/saved_run_worker.ts');
const twins = () => import('./features/twins/worker.ts');
const modelFile = () => import('./features/runs/worker.ts');
const results = () => import('./features/results/worker.ts');
const questions = () => import('./features/run/questions_worker.ts');
const predict = () => import('./features/predict/worker.ts');
const learningRate = () => import('./features/training/worker.ts');
const profile = () => import('./features/profile/worker.ts');
const gpuCheck = () => import('./features/profile/gpu_check_worker.ts');
const sample = () => import('./features/sample/worker.ts');
const network = () => import('./features/network/worker.ts');

/**
 * Trains away from the page, which stays free for its user whatever the GPU does; a hidden page does not slow it down
 * either. Rejections are ErrorParts: an error's class does not survive the way between threads.
 */
const worker = {
  /** Opens the GPU. */
  open: plainly(async (): Promise<AdapterFacts> => (await device()).adapter),
  /** How much of each data set there is here. */
  availability: plainly(availability),
  /** Shape, classes and counts, without the images. */
  facts: plainly((source: Source): Promise<DatasetFacts> => factsOf(source)),
  /** Class counts and an image of each class: fetches them all. */
  overview: plainly((source: Source): Promise<DatasetOverview> => overviewOf(source)),
  /** What may be wrong with the images: looks at them all. */
  inspect: plainly(inspect),
  /** What an augmentation may say: for its form. */
  augmentationFacts: plainly(async () => describeAugmentation()),
  /** The shape that an augmentation gives, or what is wrong with it. */
  augmentedShape: plainly(augmentedShape),
  /** What an augmentation makes of some training images. */
  preview: plainly((request: PreviewRequest): Promise<Preview> => previewOf(request)),
  /** Fetches what trains, before somebody waits for it. */
  prepare: plainly(async () => void (await session())),
  /** Fetches all code that somebody may want later, so that it is here when the network is gone. */
  prefetch: plainly(async () => (await import('./prefetch_worker.ts')).prefetch()),
  train: plainly(async (request: TrainRequest, listener: Listener) => {
    const held = underWay.begin(request.paused); // a step or a stop counts from here on
    return (await session()).train(request, listener, held);
  }),
  resumeRun: plainly(async (rest: ResumeFrom, listener: Listener) => {
    const held = underWay.begin(false);
    return (await session()).resumeRun(rest, listener, held);
  }),
  resumesFrom: plainly(async () => (await session()).resumesFrom()),
  /** Pairs of networks that differ in one variable. */
  trainTwins: plainly(async (request: TwinsRequest, listener: TwinsListener) => {
    const held = underWay.begin(false); // a stop counts from here on
    return (await twins()).trainTwins(request, listener, held);
  }),
  comparisonFile: plainly(async () => (await twins()).comparisonFile()),
  /** Of the run that is under way, of one network or of twins. */
  stop: underWay.stop,
  pause: underWay.pause,
  resume: underWay.resume,
  step: underWay.step,
  setLearningRate: plainly(async (rate: LearningRate) => (await session()).setLearningRate(rate)),
  readFiles: plainly(async (...files: Parameters<OwnData['readFiles']>) => (await forOwn()).readFiles(...files)),
  stopReading: plainly(async () => (await forOwn()).stopReading()),
  ownNotKept: plainly(async () => (await forOwn()).notKept()),
  results: plainly(async (...how: Parameters<Results['resultsOf']>) => (await results()).resultsOf(...how)),
  imagesOfCell: plainly(async (...cell: Parameters<Results['imagesOfCell']>) =>
    (await results()).imagesOfCell(...cell),
  ),
  ask: plainly(async (...image: Parameters<Questions['ask']>) => (await questions()).ask(...image)),
  imageOf: plainly(async (...which: Parameters<Questions['imageOf']>) => (await questions()).imageOf(...which)),
  activations: plainly(async (...which: Parameters<typeof activationsOf>) => (await network()).activationsOf(...which)),
  followedSample: plainly(async (...which: Parameters<Sample['followedSample']>) =>
    (await sample()).followedSample(...which),
  ),
  unitOfSample: plainly(async (...which: Parameters<Sample['unitOfSample']>) =>
    (await sample()).unitOfSample(...which),
  ),
  inkOfRun: plainly(async () => (await predict()).inkOfRun()),
  saliencyOf: plainly(async (pixels: Uint8Array, output?: number) => (await predict()).saliencyOf(pixels, output)),
  save: plainly(async (...history: Parameters<RunFile['save']>) => (await runFile()).save(...history)),
  loadRun: plainly(async (...file: Parameters<RunFile['loadRun']>) => (await runFile()).loadRun(...file)),
  exportedModel: plainly(async (format: ModelFormat) => (await modelFile()).exportedModel(format)),
  profile: plainly(async (request: TrainRequest, rounds: number) => (await profile()).profileOf(request, rounds)),
  /** Checks the GPU against float64. */
  checkGpu: plainly(async (...how: Parameters<GpuCheck['checkGpu']>) => (await gpuCheck()).checkGpu(...how)),
  stopCheck: plainly(async () => (await gpuCheck()).stopCheck()),
  findLearningRate: plainly(async (request: TrainRequest) => (await learningRate()).learningRateCurveOf(request)),
};

type Results = Awaited<ReturnType<typeof results>>;
type GpuCheck = Awaited<ReturnType<typeof gpuCheck>>;
type Sample = Awaited<ReturnType<typeof sample>>;
type Questions = Awaited<ReturnType<typeof questions>>;
type RunFile = Awaited<ReturnType<typeof runFile>>;
type OwnData = Awaited<ReturnType<typeof forOwn>>;
export type TrainingWorker = typeof worker;

expose(worker);

function plainly<Args extends unknown[], Value>(work: (...args: Args) => Promise<Value>) {
  return async (...args: Args): Promise<Value> => {
    try {
      return await work(...args);
    } catch (error) {
      throw partsOf(error);
    }
  };
}
