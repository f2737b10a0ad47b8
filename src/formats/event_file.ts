import { closeSync, openSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { ProbeRecord, RunVerdict, Verdict } from '../health/health.ts';
import type { EpochRecord, StepRecord } from '../health/history.ts';
import { remedyWords } from '../health/remedies.ts';
import type { RunEvent } from '../health/run_events.ts';
import { type Event, encodeEvent, type Histogram, type SummaryValue } from './event.ts';
import { makeFolder } from './make_folder.ts';
import { columnsOf } from './step_columns.ts';
import { tfRecord } from './tf_record.ts';

/**
 * Writes a TensorBoard event file into a folder for the run. Tags are the columns of --csv with one card group per layer:
 * `dense/gradientNorm`, `dense/kernel.updateRatio`; `run/loss` for the whole run; `epoch/validationLoss` per epoch. Verdicts become
 * texts, and exponent histograms become histograms. NaN and infinities are written unchanged.
 */
export class EventFile {
  private readonly file: number;
  private lastStep = 0;

  /**
   * @param folder created if it doesn't exist.
   * @param after step at which a resumed run continues; its file is written next to the previous one.
   */
  constructor(
    folder: string,
    after = 0,
    private readonly now = () => Date.now() / 1000,
  ) {
    makeFolder(resolve(folder));
    const seconds = String(Math.floor(this.now())).padStart(10, '0');
    this.file = openSync(join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.wgrad`), 'wx');
    this.write([{ wallTime: this.now(), fileVersion: 'brain.Event:2' }]);
    if (after > 0) this.write([{ wallTime: this.now(), step: after + 1, restarts: true }]);
  }

  add(events: readonly RunEvent[]): void {
    const wallTime = this.now();
    this.write(
      events.map((item) => {
        if ('step' in item) this.lastStep = item.step.step;
        const step = 'probe' in item ? item.probe.step : this.lastStep;
        return { wallTime, step, values: valuesOf(item) };
      }),
    );
  }

  close(): void {
    closeSync(this.file);
  }

  private write(events: readonly Event[]): void {
    if (events.length > 0) writeSync(this.file, Buffer.concat(events.map((event) => tfRecord(encodeEvent(event)))));
  }
}

function valuesOf(item: RunEvent): SummaryValue[] {
  if ('step' in item) return ofStep(item.step);
  if ('epoch' in item) return ofEpoch(item.epoch);
  if ('verdict' in item) return ofVerdict(item.verdict);
  if ('runVerdict' in item) return ofRunVerdict(item.runVerdict);
  return ofProbe(item.probe);
}

function ofStep(step: StepRecord): SummaryValue[] {
  return columnsOf(step).map(({ layer, name, value }) => ({ tag: `${layer ?? 'run'}/${name}`, scalar: value }));
}

function ofEpoch(epoch: EpochRecord): SummaryValue[] {
  const { loss, accuracy, meanAbsoluteError, validationLoss, validationAccuracy, imagesPerSecond } = epoch;
  const always = { loss, accuracy, meanAbsoluteError, validationLoss, validationAccuracy, imagesPerSecond };
  const metrics = Object.entries(epoch).filter(([name]) => name.startsWith('validation') && !(name in always));
  return [...Object.entries(always), ...metrics].flatMap(([name, scalar]) =>
    typeof scalar === 'number' ? [{ tag: `epoch/${name}`, scalar }] : [],
  );
}

function ofVerdict({ layer, verdict, step, sentence, remedy }: Verdict): SummaryValue[] {
  const helps = remedy && `\n\nWhat usually helps: ${remedy}.`;
  return [{ tag: `${layer}/verdict`, text: `**${verdict}** since step ${step}: ${sentence}.${helps}` }];
}

function ofRunVerdict({ verdict, sentence, cause, remedies }: RunVerdict): SummaryValue[] {
  const because = cause && `\n\nCause: ${cause}.`;
  const helps = remedies.length > 0 ? `\n\nWhat usually helps: ${remedyWords(remedies)}.` : '';
  return [{ tag: 'run/verdict', text: `**${verdict}**: ${sentence}.${because}${helps}` }];
}

function ofProbe({ whole, layers }: ProbeRecord): SummaryValue[] {
  const scalars = (group: string, figures: object): SummaryValue[] =>
    Object.entries(figures).flatMap(([name, scalar]) =>
      typeof scalar === 'number' && name !== 'zeros' ? [{ tag: `${group}/${name}`, scalar }] : [],
    );
  return [
    ...scalars('run', whole),
    ...Object.entries(layers).flatMap(([layer, figures]): SummaryValue[] => [
      ...scalars(layer, figures),
      { tag: `${layer}/gradientMagnitude`, histogram: magnitudes(figures.exponents, figures.zeros) },
      { tag: `${layer}/gradientExponent`, histogram: exponents(figures.exponents) },
    ]),
  ];
}

const lowest = -48;

/**
 * |gradient| in buckets that end at powers of two, preceded by a bucket for zeros that ends at 2^-48. Sums assume that each value
 * is 1.5 times the lower end of its bucket, the middle of the bucket.
 */
function magnitudes(bins: readonly number[], zeros: number): Histogram {
  const limits = [2 ** lowest, ...bins.map((_, i) => 2 ** (lowest + 1 + i))];
  return histogramOf(limits, [zeros, ...bins], (i) => (i === 0 ? 0 : 1.5 * 2 ** (lowest + i - 1)), zeros > 0);
}

/** log2 |gradient| without zeros: on TensorBoard's linear axis, vanishing gradients appear as a drift to the left. */
function exponents(bins: readonly number[]): Histogram {
  return histogramOf(
    bins.map((_, i) => lowest + 1 + i),
    bins,
    (i) => lowest + i + 0.5,
    false,
  );
}

function histogramOf(
  limits: readonly number[],
  counts: readonly number[],
  middle: (bucket: number) => number,
  fromZero: boolean,
): Histogram {
  const first = counts.findIndex((count) => count > 0);
  const last = counts.findLastIndex((count) => count > 0);
  const sum = (power: number) => counts.reduce((total, count, i) => total + count * middle(i) ** power, 0);
  if (first < 0) return { min: 0, max: 0, num: 0, sum: 0, sumSquares: 0, limits: [0], counts: [0] };
  // Drop empty buckets at both ends, because TensorBoard would extend its axis over them.
  const begin = fromZero ? 0 : first;
  return {
    min: fromZero ? 0 : first === 0 ? 2 * middle(0) - limits[0]! : limits[first - 1]!,
    max: limits[last]!,
    num: sum(0),
    sum: sum(1),
    sumSquares: sum(2),
    limits: limits.slice(begin, last + 1),
    counts: counts.slice(begin, last + 1),
  };
}
