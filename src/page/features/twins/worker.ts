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
import { adoptTwins, drop, type TrainRequest } from '../run/worker.ts';

/** Two runs that differ in one variable. */
export interface TwinsRequest {
  vary: Variable;
  a: TrainRequest;
  b: TrainRequest;
  /** The value of the variable in each twin, in words. */
  ways: { a: string; b: string };
  /** Number of pairs, which are trained one after the other: the first with a's seed, the others with the following seeds. */
  pairs: number;
  /** The command that repeats the comparison. */
  command: string;
}

/** Receives the events of twins on the page. Made with comlink's `proxy`. */
export type TwinsListener = Required<Omit<PairListener, 'state'>>;

/** The results of a comparison. */
export interface TwinsResult {
  /** The final figures of the whole network. */
  rows: Pick<Row, 'figure' | 'scale' | 'a' | 'b' | 'test' | 'differs'>[];
  /** A description of what differed significantly and what did not. */
  paragraph: string;
  pairs: number;
}

/** The last comparison: its request, its data and its pairs. */
let last: { request: TwinsRequest; datasets: TrainAndTest; records: PairRecord[] } | undefined;

/**
 * Trains pairs of networks in lock-step from the same start.
 *
 * @returns undefined for a run that was stopped within its first pair.
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
    {
      ...{ pace, signal, events: (events) => listener.events(events), paused: () => listener.paused() },
      onBegin: (activations) => adoptTwins({ activations, test: datasets.test }),
      // Their networks are discarded now, but the drawing of the network asks once more after the end, for the first image.
      onTrained: async (activations) => {
        const test = takeFirst(datasets.test, 1);
        const outputs = { a: await activations('a', test), b: await activations('b', test) };
        adoptTwins({ test, activations: async (twin) => outputs[twin] });
      },
    },
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

/** The last comparison in the file format of `wgrad compare`; undefined if there is none. */
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

/** Twins validate on the test images, because a validationSplit is only supported by a single run. */
function fitOf({ fit = {} }: TrainRequest): FitSettings {
  const { validationSplit, ...shared } = fit;
  return shared;
}
