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

/** The training code, loaded after the page has shown its data. */
const session = () => import('./features/run/worker.ts');
/** Loaded on demand, because few visitors need it. */
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
 * Trains outside the page's thread, so that the page stays responsive whatever the GPU does; a hidden page does not slow it down
 * either. Rejections are ErrorParts, because an error's class is lost between threads.
 */
const worker = {
  /** Opens the GPU. */
  open: plainly(async (): Promise<AdapterFacts> => (await device()).adapter),
  /** Returns how much of each data set is available. */
  availability: plainly(availability),
  /** Shape, classes and counts, without the images. */
  facts: plainly((source: Source): Promise<DatasetFacts> => factsOf(source)),
  /** Class counts and an image of each class; loads all images. */
  overview: plainly((source: Source): Promise<DatasetOverview> => overviewOf(source)),
  /** Finds possible problems with the images; checks all of them. */
  inspect: plainly(inspect),
  /** The options of augmentations, for their form. */
  augmentationFacts: plainly(async () => describeAugmentation()),
  /** The shape of augmented images, or the augmentation's error. */
  augmentedShape: plainly(augmentedShape),
  /** Augments some training images. */
  preview: plainly((request: PreviewRequest): Promise<Preview> => previewOf(request)),
  /** Loads the training code before it is needed. */
  prepare: plainly(async () => void (await session())),
  /** Loads all code that may be needed later, so that it is available without a network. */
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
  /** Trains pairs of networks that differ in one variable. */
  trainTwins: plainly(async (request: TwinsRequest, listener: TwinsListener) => {
    const held = underWay.begin(false); // a stop counts from here on
    return (await twins()).trainTwins(request, listener, held);
  }),
  comparisonFile: plainly(async () => (await twins()).comparisonFile()),
  /** These control the current run, of one network or of twins. */
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
  preparedPicture: plainly(async (file: Blob) => (await predict()).preparedPicture(file)),
  saliencyOf: plainly(async (pixels: Uint8Array, output?: number) => (await predict()).saliencyOf(pixels, output)),
  save: plainly(async (...history: Parameters<RunFile['save']>) => (await runFile()).save(...history)),
  loadRun: plainly(async (...file: Parameters<RunFile['loadRun']>) => (await runFile()).loadRun(...file)),
  exportedModel: plainly(async (format: ModelFormat) => (await modelFile()).exportedModel(format)),
  profile: plainly(async (request: TrainRequest, rounds: number) => (await profile()).profileOf(request, rounds)),
  /** Checks the GPU against float64. */
  checkGpu: plainly(async (...how: Parameters<GpuCheck['checkGpu']>) => (await gpuCheck()).checkGpu(...how)),
  stopCheck: plainly(async () => (await gpuCheck()).stopCheck()),
  /** Checks a saved shader on a page that is served from its sources. A build does not contain this code. */
  shaderSaved: plainly(async (...saved: Parameters<Shaders['shaderSaved']>) => {
    if (!import.meta.env.DEV) throw new Error('the built page watches no shaders');
    return (await import('./features/profile/shader_worker.ts')).shaderSaved(...saved);
  }),
  findLearningRate: plainly(async (request: TrainRequest) => (await learningRate()).learningRateCurveOf(request)),
};

type Results = Awaited<ReturnType<typeof results>>;
type GpuCheck = Awaited<ReturnType<typeof gpuCheck>>;
type Shaders = typeof import('./features/profile/shader_worker.ts');
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
