import { comparePairs, type PairRecord, paragraphOf, type Row, takeFirst, trainPair } from '../../index.ts';
import { News, type Told } from '../../train/news.ts';
import type { Variable } from '../../train/twin_options.ts';
import { load } from './datasets.ts';
import { device } from './device.ts';
import { drop, type TrainRequest } from './session.ts';

/** Two runs that differ in one variable. */
export interface BesideRequest {
  vary: Variable;
  a: TrainRequest;
  b: TrainRequest;
  /** What each has of the variable, in words. */
  named: { a: string; b: string };
  /** Pairs that are trained one after the other, each from a seed of its own: a's, and those that follow. */
  pairs: number;
}

/** Of one of two runs. */
export type ToldBeside = { twin: 'a' | 'b'; told: Told } | { pair: number };

/** What came of it. */
export interface Beside {
  /** Rows of the figures at the end, of the whole network. */
  rows: Pick<Row, 'figure' | 'scale' | 'a' | 'b' | 'test' | 'differs'>[];
  /** What differed beyond chance, and what did not. */
  paragraph: string;
  pairs: number;
}

let stopping = new AbortController();

/**
 * Trains pairs of networks in lock-step from the same start.
 *
 * @param tell gets bundles of news, one after the other.
 * @returns undefined of a run that was stopped within its first pair.
 */
export async function trainBeside(
  { vary, a, b, named, pairs }: BesideRequest,
  tell: (news: ToldBeside[]) => unknown,
): Promise<Beside | undefined> {
  stopping = new AbortController();
  drop();
  const gpu = await device();
  const { train, test } = await load(a.dataset);
  const datasets = { train: takeFirst(train, a.trainSamples), test: takeFirst(test, a.testSamples) };
  const news = new News<ToldBeside>(tell);
  const records: PairRecord[] = [];
  const since = { a: performance.now(), b: performance.now() };
  try {
    for (let i = 0; i < pairs && !stopping.signal.aborted; i++) {
      news.add({ pair: i });
      const seed = a.seed + i;
      const record = await trainPair(gpu, datasets, {
        vary,
        a: { ...optionsOf(a), seed },
        b: { ...optionsOf(b), seed },
        seed,
        epochs: a.epochs,
        signal: stopping.signal,
        onStep: (twin, step, { epochSteps }) => news.add({ twin, told: { step, epochSteps, at: performance.now() } }),
        onEpoch: (twin, epoch, figures) => {
          const { loss, accuracy, validationLoss, validationAccuracy } = figures;
          const record = { epoch, loss, accuracy, validationLoss, validationAccuracy };
          // Of both together: they share the device.
          const seconds = (performance.now() - since[twin]) / 1000;
          since[twin] = performance.now();
          const imagesPerSecond = datasets.train.count / seconds;
          news.add({ twin, told: { epoch: { ...record, seconds, imagesPerSecond, gradientNorms: {} } } });
        },
      });
      if (!record) break;
      records.push(record);
      for (const twin of ['a', 'b'] as const) {
        for (const verdict of record[twin].verdicts) news.add({ twin, told: { verdict } });
      }
    }
  } finally {
    await news.sent();
  }
  if (records.length === 0) return undefined;
  const comparison = comparePairs(records, a.epochs);
  const broken = (twin: 'a' | 'b') => records.filter((record) => record[twin].broke).length;
  return {
    rows: comparison.summary
      .filter(({ layer }) => layer === undefined)
      .map(({ figure, scale, a, b, test, differs }) => ({ figure, scale, a, b, test, differs })),
    paragraph: paragraphOf(comparison, {
      variable: vary.replace('-', ' '),
      ...named,
      seeds: records.map(({ seed }) => seed),
      epochs: a.epochs,
      broken: { a: broken('a'), b: broken('b') },
    }),
    pairs: records.length,
  };
}

export const stopBeside = (): void => stopping.abort();

function optionsOf({ model, augmentation, optimizer, batchSize }: TrainRequest) {
  return { model, augmentation, optimizer, batchSize };
}
