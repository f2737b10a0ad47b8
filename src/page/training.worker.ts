import { expose } from 'comlink';
import digitsAddress from '../../data/digits.csv.gz?url';
import { type DatasetFacts, fetchDatasets, fetchFacts, type TrainAndTest } from '../data/served.ts';
import { partsOf } from '../errors.ts';
import {
  type AdapterFacts,
  createTrainer,
  type Evaluation,
  type Gpu,
  type LayerSummary,
  modelSummary,
  openGpu,
  parseDigits,
  takeFirst,
  tutorialAugmentation,
  tutorialModel,
} from '../index.ts';
import { News, type Told } from '../train/news.ts';
import { type Plan, planRun } from '../train/run_length.ts';
import { tutorialBatchSize } from '../train/tutorial.ts';

/** The only data set that needs no server: it is part of the page. */
const digits = 'digits';

/** What is about to be trained. */
export interface Prepared {
  facts: DatasetFacts;
  plan: Plan;
  layers: LayerSummary[];
}

export interface Trained {
  stopped: boolean;
  skippedSteps: number;
  /** On the test images, of a network that a stop left in the middle of an epoch. */
  leftBehind?: Evaluation;
}

let gpu: Gpu | undefined;
/** The one that was trained on last: 50 MB are not fetched twice, nor held for each name. */
let loaded: { name: string; datasets: Promise<TrainAndTest> } | undefined;
let stopping = new AbortController();

/**
 * Trains away from the page, which stays free for its user whatever the GPU does; a hidden page does not slow it down
 * either. Rejections are ErrorParts: an error's class does not survive the way between threads.
 */
const worker = {
  open: (): Promise<AdapterFacts> => plainly(async () => (await device()).adapter),

  prepare: (name: string): Promise<Prepared> =>
    plainly(async () => {
      const facts = name === digits ? factsOf(await load(name)) : await fetchFacts(name);
      const { adapter } = await device();
      return { facts, plan: planRun({}, facts, adapter.software), layers: modelSummary(modelFor(facts)) };
    }),

  /** @param tell gets bundles of news, one after the other. */
  train: (name: string, tell: (news: Told[]) => unknown): Promise<Trained> =>
    plainly(async () => {
      stopping = new AbortController();
      const { signal } = stopping;
      const gpu = await device();
      const datasets = await load(name);
      const plan = planRun({}, datasets, gpu.adapter.software);
      const test = takeFirst(datasets.test, plan.testSamples);
      const trainer = createTrainer(gpu, {
        model: modelFor(factsOf(datasets)),
        augmentation: tutorialAugmentation,
        batchSize: tutorialBatchSize,
      });
      const news = new News(tell);
      try {
        const { stopped, skippedSteps, steps } = await trainer.fit(takeFirst(datasets.train, plan.trainSamples), {
          epochs: plan.epochs,
          validationData: test,
          signal,
          onStep: (step, { epochSteps }) => news.add({ step, epochSteps, at: performance.now() }),
          onEpoch: (epoch) => news.add({ epoch }),
        });
        const amidst = steps.length % Math.ceil(plan.trainSamples / tutorialBatchSize) !== 0;
        return { stopped, skippedSteps, ...(amidst && { leftBehind: await trainer.evaluate(test) }) };
      } finally {
        await news.sent();
        trainer.dispose();
      }
    }),

  /** Ends `train` after the step that it is in. */
  stop: (): void => stopping.abort(),
};

export type TrainingWorker = typeof worker;

expose(worker);

/** The device, opened anew where it was lost. */
async function device(): Promise<Gpu> {
  if (gpu) return gpu;
  const opened = await openGpu();
  gpu = opened;
  opened.lost.then(() => {
    if (gpu === opened) gpu = undefined;
  });
  return opened;
}

function load(name: string): Promise<TrainAndTest> {
  if (loaded?.name === name) return loaded.datasets;
  const datasets = name === digits ? fetchDigits() : fetchDatasets(name);
  loaded = { name, datasets };
  datasets.catch(() => {
    loaded = undefined;
  });
  return datasets;
}

async function fetchDigits(): Promise<TrainAndTest> {
  const file = await (await fetch(digitsAddress)).arrayBuffer();
  return parseDigits(new Uint8Array(file));
}

function factsOf({ train, test }: TrainAndTest): DatasetFacts {
  const { imageShape, classNames } = train;
  return { imageShape, classNames, train: { count: train.count }, test: { count: test.count } };
}

const modelFor = ({ imageShape, classNames }: DatasetFacts) => tutorialModel(imageShape, classNames.length);

async function plainly<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw partsOf(error);
  }
}
