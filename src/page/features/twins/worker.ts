import { version } from '../../../../package.json';
import {
  type ComparisonFile,
  concluded,
  type FitSettings,
  fingerprint,
  type PairRecord,
  type Row,
  type TrainAndTest,
  takeFirst,
  type Variable,
} from '../../../index.ts';
import { comparisonFileOf } from '../../../session/compared_runs.ts';
import { type PairListener, trainPairs } from '../../../session/pairs.ts';
import { trainerOptionsOf } from '../../../session/run_request.ts';
import { load } from '../../app/worker/datasets.ts';
import { device } from '../../app/worker/device.ts';
import type { UnderWay } from '../run/run_control.ts';
import { drop, type TrainRequest } from '../run/worker.ts';

/** Two runs that differ in one variable. */
export interface TwinsRequest {
  vary: Variable;
  a: TrainRequest;
  b: TrainRequest;
  /** What each has of the variable, in words. */
  ways: { a: string; b: string };
  /** Pairs that are trained one after the other, each from a seed of its own: a's, and those that follow. */
  pairs: number;
  /** What does the same again. */
  command: string;
}

/** The page, to which twins report. Made with comlink's `proxy`. */
export type TwinsListener = Required<Omit<PairListener, 'state'>>;

/** What came of it. */
export interface TwinsResult {
  /** Rows of the figures at the end, of the whole network. */
  rows: Pick<Row, 'figure' | 'scale' | 'a' | 'b' | 'test' | 'differs'>[];
  /** What differed beyond chance, and what did not. */
  paragraph: string;
  pairs: number;
}

/** The last comparison with its pairs, and what it was of. */
let last: { request: TwinsRequest; datasets: TrainAndTest; records: PairRecord[] } | undefined;

/**
 * Trains pairs of networks in lock-step from the same start.
 *
 * @returns undefined of a run that was stopped within its first pair.
 */
export async function trainTwins(
  request: TwinsRequest,
  listener: TwinsListener,
  { pace, signal }: UnderWay,
): Promise<TwinsResult | undefined> {
  const { vary, a, b } = request;
  last = undefined;
  drop();
  const gpu = await device();
  const { train, test } = await load(a);
  const datasets = { train: takeFirst(train, a.trainSamples), test: takeFirst(test, a.testSamples) };
  const records = await trainPairs(
    gpu,
    datasets,
    { vary, a: optionsOf(a), b: optionsOf(b), fit: fitOf(a), seeds: seedsOf(request), epochs: a.epochs },
    { pace, signal, events: (events) => listener.events(events), paused: () => listener.paused() },
  );
  if (records.length === 0) return undefined;
  last = { request, datasets, records };
  const { comparison, paragraph } = concluded(fileOf(request, gpu.adapter, records, ''), request.ways);
  return {
    rows: comparison.summary
      .filter(({ layer }) => layer === undefined)
      .map(({ figure, scale, a, b, test, differs }) => ({ figure, scale, a, b, test, differs })),
    paragraph,
    pairs: records.length,
  };
}

/** The last comparison, as `wgrad compare` writes and goes on with it; undefined where there is none. */
export async function comparisonFile(): Promise<ComparisonFile | undefined> {
  if (!last) return undefined;
  const { request, datasets, records } = last;
  const file = fileOf(request, (await device()).adapter, records, await fingerprint(datasets));
  return concluded(file, request.ways);
}

const fileOf = (
  request: TwinsRequest,
  adapter: ComparisonFile['adapter'],
  records: PairRecord[],
  data: string,
): ComparisonFile => {
  const { vary, a, b, command } = request;
  const chrome = /Chrome\/[\d.]+/.exec(navigator.userAgent)?.[0] ?? navigator.userAgent;
  const compared = { vary, run: a, data, a: optionsOf(a), b: optionsOf(b), fit: fitOf(a), seeds: seedsOf(request) };
  return comparisonFileOf(compared, records, { command, versions: { wgrad: version, chrome }, adapter });
};

const seedsOf = ({ a, pairs }: TwinsRequest) => Array.from({ length: pairs }, (_, i) => a.seed + i);

function optionsOf({ paused, ...request }: TrainRequest) {
  return trainerOptionsOf(request);
}

/** Twins validate on the test images: a share of the training images that is held out is of a single run. */
function fitOf({ fit = {} }: TrainRequest): FitSettings {
  const { validationSplit, ...shared } = fit;
  return shared;
}
