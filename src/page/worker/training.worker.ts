import { expose } from 'comlink';
import type { DatasetFacts } from '../../data/served.ts';
import { partsOf } from '../../errors.ts';
import { type AdapterFacts, describeAugmentation } from '../../index.ts';
import { stopBeside, trainBeside } from './beside.ts';
import { type DatasetOverview, factsOf, overviewOf } from './datasets.ts';
import { device } from './device.ts';
import { bring, cleanOwn } from './own_data.ts';
import { type Preview, type PreviewRequest, previewOf } from './preview.ts';
import { profileOf } from './profile.ts';
import { ask, resultsOf, testImage } from './results.ts';
import { loadRun, save } from './run_file.ts';
import * as session from './session.ts';

/**
 * Trains away from the page, which stays free for its user whatever the GPU does; a hidden page does not slow it down
 * either. Rejections are ErrorParts: an error's class does not survive the way between threads.
 */
const worker = {
  /** Opens the GPU. */
  open: plainly(async (): Promise<AdapterFacts> => (await device()).adapter),
  /** Shape, classes and counts, without the images. */
  facts: plainly((dataset: string): Promise<DatasetFacts> => factsOf(dataset)),
  /** Class counts and an image of each class: fetches them all. */
  overview: plainly((dataset: string): Promise<DatasetOverview> => overviewOf(dataset)),
  /** What an augmentation may say: for its form. */
  augmentationFacts: plainly(async () => describeAugmentation()),
  /** What an augmentation makes of some training images. */
  preview: plainly((request: PreviewRequest): Promise<Preview> => previewOf(request)),
  train: plainly(session.train),
  goOn: plainly(session.goOn),
  lastEpoch: plainly(session.lastEpoch),
  /** Pairs of networks that differ in one variable. */
  trainBeside: plainly(trainBeside),
  stopBeside,
  stop: session.stop,
  pause: session.pause,
  resume: session.resume,
  step: session.step,
  setLearningRate: plainly(session.setLearningRate),
  bring: plainly(bring),
  cleanOwn: plainly(cleanOwn),
  results: plainly(resultsOf),
  ask: plainly(ask),
  testImage: plainly(testImage),
  save: plainly(save),
  loadRun: plainly(loadRun),
  profile: plainly(profileOf),
};

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
