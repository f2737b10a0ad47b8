import { version } from '../../../package.json';
import { summarize } from '../../health/history.ts';
import { EventBundler, type RunEvent } from '../../health/run_events.ts';
import {
  type ComparisonConfig,
  type ComparisonFile,
  concluded,
  fingerprint,
  type PairRecord,
  type Row,
  type StepRecord,
  sequential,
  type TrainAndTest,
  type TwinRecord,
  takeFirst,
  trainPair,
  type Variable,
} from '../../index.ts';
import { fillOptimizer } from '../../model/optimizer.ts';
import { newComparisonFile } from '../../report/comparison_file.ts';
import { load } from './datasets.ts';
import { device } from './device.ts';
import { drop, type GpuBytes, type TrainRequest } from './session.ts';
import type { UnderWay } from './under_way.ts';

/** Two runs that differ in one variable. */
export interface BesideRequest {
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

export type Twin = 'a' | 'b';

/** Of one of two runs, or of both. */
export type PairEvent =
  | { twin: Twin; told: RunEvent }
  | { twin: Twin; broke: NonNullable<TwinRecord['broke']> }
  | { pair: number }
  | { begun: GpuBytes };

/** Who is told of twins. Made with comlink's `proxy`. */
export interface BesideListener {
  /** Bundles, one after the other. */
  events(events: PairEvent[]): void;
  /** All steps that were let through are done and told. */
  paused(): void;
}

/** What came of it. */
export interface Beside {
  /** Rows of the figures at the end, of the whole network. */
  rows: Pick<Row, 'figure' | 'scale' | 'a' | 'b' | 'test' | 'differs'>[];
  /** What differed beyond chance, and what did not. */
  paragraph: string;
  pairs: number;
}

/** The last comparison with its pairs, and what it was of. */
let last: { request: BesideRequest; datasets: TrainAndTest; records: PairRecord[] } | undefined;

/**
 * Trains pairs of networks in lock-step from the same start.
 *
 * @returns undefined of a run that was stopped within its first pair.
 */
export async function trainBeside(
  request: BesideRequest,
  listener: BesideListener,
  { pace, signal }: UnderWay,
): Promise<Beside | undefined> {
  const { a, b, pairs } = request;
  last = undefined;
  drop();
  const gpu = await device();
  const { train, test } = await load(a);
  const datasets = { train: takeFirst(train, a.trainSamples), test: takeFirst(test, a.testSamples) };
  const events = new EventBundler<PairEvent>((told) => listener.events(told));
  const records: PairRecord[] = [];
  try {
    for (let i = 0; i < pairs && !signal.aborted; i++) {
      events.add({ pair: i });
      const seed = a.seed + i;
      const clock = new Clock();
      const steps: Record<Twin, StepRecord[]> = { a: [], b: [] };
      const record = await trainPair(gpu, datasets, {
        vary: request.vary,
        a: { ...optionsOf(a), ...measuredOf(a), seed },
        b: { ...optionsOf(b), ...measuredOf(b), seed },
        seed,
        epochs: a.epochs,
        pace,
        signal,
        onBegin: (bytes) => {
          clock.restart();
          const { images, labels } = datasets.train;
          // Each has the images that it trains on for itself.
          const datasetBytes = 2 * (images.byteLength + labels.byteLength);
          events.add({ begun: { trainer: bytes.a + bytes.b, datasets: datasetBytes } });
        },
        onStep: (twin, step, { epochSteps }) => {
          steps[twin].push(step);
          clock.stepDone();
          events.add({ twin, told: { step, epochSteps, at: performance.now() } });
        },
        onVerdict: (twin, verdict) => events.add({ twin, told: { verdict } }),
        onProbe: (twin, probe) => events.add({ twin, told: { probe } }),
        onEpoch: (twin, epoch, { validationLoss, validationAccuracy }) => {
          // Of both together: they share the device.
          const record = summarize(epoch, steps[twin], clock.seconds);
          steps[twin] = [];
          events.add({ twin, told: { epoch: { ...record, validationLoss, validationAccuracy } } });
          clock.restart();
        },
        onBreak: (twin, broke) => events.add({ twin, broke }),
        onPause: () => {
          clock.hold(pace.changed);
          events.sent().then(() => listener.paused());
        },
      });
      if (!record) break;
      records.push(record);
    }
  } finally {
    await events.sent();
  }
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

function fileOf(
  { vary, a, b, pairs, command }: BesideRequest,
  adapter: ComparisonFile['adapter'],
  records: PairRecord[],
  data: string,
): ComparisonFile {
  const { dataset, clean, trainSamples, testSamples, epochs } = a;
  return newComparisonFile({
    command,
    versions: { wgrad: version, chrome: /Chrome\/[\d.]+/.exec(navigator.userAgent)?.[0] ?? navigator.userAgent },
    adapter,
    config: {
      vary,
      ...{ dataset, clean, trainSamples, testSamples, epochs, data },
      a: filled(a),
      b: filled(b),
    },
    seeds: Array.from({ length: pairs }, (_, i) => a.seed + i),
    pairs: records,
  });
}

const optionsOf = ({ model, augmentation, optimizer, batchSize }: TrainRequest) => ({
  model,
  augmentation,
  optimizer,
  batchSize,
});

/** What is told beside the run, and changes nothing of it. */
const measuredOf = ({ health, probeEvery }: TrainRequest) => ({ health, ...(probeEvery && { probeEvery }) });

/** With its defaults, as the command writes it: what is the same has the same words. */
function filled(request: TrainRequest): ComparisonConfig['a'] {
  const { model, augmentation, optimizer, batchSize } = optionsOf(request);
  return {
    model: sequential(model),
    optimizer: fillOptimizer(optimizer),
    augmentation,
    mix: 'replace',
    batchSize,
    loss: 'sparseCategoricalCrossentropy',
  };
}

/** Of an epoch's steps, pauses and evaluations left out. */
class Clock {
  private begun = performance.now();
  private last = this.begun;
  /** Where the epoch to come begins. */
  private next: number | undefined;

  /** The next step is the first of an epoch. */
  restart(): void {
    this.next = performance.now();
  }

  stepDone(): void {
    this.last = performance.now();
    if (this.next === undefined) return;
    this.begun = this.next;
    this.next = undefined;
  }

  /** Stands still until something changes. */
  hold(changed: AbortSignal): void {
    const since = performance.now();
    const goOn = () => {
      const ms = performance.now() - since;
      if (this.next === undefined) this.begun += ms;
      else this.next += ms;
    };
    changed.addEventListener('abort', goOn, { once: true });
  }

  get seconds(): number {
    return (this.last - this.begun) / 1000;
  }
}
