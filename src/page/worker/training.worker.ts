import { expose } from 'comlink';
import type { DatasetFacts } from '../../data/served_datasets.ts';
import { partsOf } from '../../errors.ts';
import type { ModelFormat } from '../../formats/export_model.ts';
import { type AdapterFacts, describeAugmentation } from '../../index.ts';
import type { BesideListener, BesideRequest } from './beside.ts';
import { availability, type DatasetOverview, factsOf, forOwn, inspect, overviewOf, type Source } from './datasets.ts';
import { device } from './device.ts';
import { learningRateCurveOf } from './learning_rate.ts';
import { augmentedShape, type Preview, type PreviewRequest, previewOf } from './preview.ts';
import { profileOf } from './profile.ts';
import { ask, imageOf, inkOfRun, resultsOf } from './results.ts';
import * as session from './session.ts';
import * as underWay from './under_way.ts';

/** Wanted by few visitors: fetched when it is. */
const runFile = () => import('./run_file.ts');
const beside = () => import('./beside.ts');
const modelFile = () => import('./model_file.ts');

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
  train: plainly(session.train),
  goOn: plainly(session.goOn),
  goesOnFrom: plainly(session.goesOnFrom),
  /** Pairs of networks that differ in one variable. */
  trainBeside: plainly(async (request: BesideRequest, listener: BesideListener) => {
    const held = underWay.begin(false); // a stop counts from here on
    return (await beside()).trainBeside(request, listener, held);
  }),
  comparisonFile: plainly(async () => (await beside()).comparisonFile()),
  /** Of the run that is under way, of one network or of twins. */
  stop: underWay.stop,
  pause: underWay.pause,
  resume: underWay.resume,
  step: underWay.step,
  setLearningRate: plainly(session.setLearningRate),
  bring: plainly(async (...files: Parameters<OwnData['bring']>) => (await forOwn()).bring(...files)),
  results: plainly(resultsOf),
  ask: plainly(ask),
  imageOf: plainly(imageOf),
  inkOfRun: plainly(inkOfRun),
  save: plainly(async (...history: Parameters<RunFile['save']>) => (await runFile()).save(...history)),
  loadRun: plainly(async (...file: Parameters<RunFile['loadRun']>) => (await runFile()).loadRun(...file)),
  exportedModel: plainly(async (format: ModelFormat) => (await modelFile()).exportedModel(format)),
  profile: plainly(profileOf),
  findLearningRate: plainly(learningRateCurveOf),
};

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
