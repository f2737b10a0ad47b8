import type { ProbeRecord, RunVerdict, Verdict } from './health.ts';
import type { HealthTable } from './health_table.ts';
import type { EpochRecord, Spread, StepRecord } from './history.ts';
import { type Measured, type Metric, metricIn } from './metric.ts';
import type { RunEvent } from './run_events.ts';

export interface UnfinishedEpoch {
  epoch: number;
  steps: number;
  loss: number;
  accuracy?: number;
  meanAbsoluteError?: number;
  /** Undefined until there is something to measure. */
  imagesPerSecond: number | undefined;
}

/** The events of a run so far. It outlives the trainer: the records are still available after a stop or a crash. */
export class TrainingLog {
  readonly epochs: EpochRecord[] = [];
  readonly steps: StepRecord[] = [];
  readonly verdicts: Verdict[] = [];
  readonly runVerdicts: RunVerdict[] = [];
  readonly probes: ProbeRecord[] = [];
  /** Health of the steps that `load` added, which come without it. */
  health: HealthTable | undefined;
  stepsPerEpoch = 0;
  private readonly current = new RunningMean();
  private lastStepMs: number | undefined;

  add(item: RunEvent): void {
    if ('step' in item) {
      this.steps.push(item.step);
      this.stepsPerEpoch = item.epochSteps;
      this.current.add(item.step, item.at);
    } else if ('verdict' in item) this.verdicts.push(item.verdict);
    else if ('runVerdict' in item) this.runVerdicts.push(item.runVerdict);
    else if ('probe' in item) this.probes.push(item.probe);
    else {
      this.epochs.push(item.epoch);
      this.lastStepMs = (1000 * item.epoch.seconds) / (this.current.timed || this.current.steps) || undefined;
      this.current.clear();
    }
  }

  /** Adds the events of an earlier part of the run, from a file. */
  load(
    history: Pick<TrainingLog, 'epochs' | 'steps' | 'verdicts' | 'probes'> & {
      runVerdicts?: readonly RunVerdict[];
      health?: HealthTable;
    },
  ): void {
    const { epochs, steps } = history;
    let at = 0;
    const take = (epoch: number) => {
      const from = at;
      while (at < steps.length && steps[at]!.epoch === epoch) at++;
      const epochSteps = at - from;
      for (const step of steps.slice(from, at)) this.add({ step, epochSteps, at: 0 });
    };
    for (const epoch of epochs) {
      take(epoch.epoch);
      this.add({ epoch });
    }
    take(epochs.length + 1);
    for (const verdict of history.verdicts) this.add({ verdict });
    for (const runVerdict of history.runVerdicts ?? []) this.add({ runVerdict });
    for (const probe of history.probes) this.add({ probe });
    this.health = history.health;
  }

  /** The unfinished epoch so far; undefined between epochs. */
  get unfinished(): UnfinishedEpoch | undefined {
    const epoch = this.steps.at(-1)?.epoch;
    if (epoch === undefined || this.current.samples === 0) return undefined;
    const { steps, loss, measured, imagesPerSecond } = this.current;
    return { epoch, steps, loss, ...measured, imagesPerSecond };
  }

  /** Milliseconds per step: of the current epoch as soon as it can be measured, otherwise of the previous one. */
  get stepMs(): number | undefined {
    return this.current.stepMs ?? this.lastStepMs;
  }

  /** Resumes after a pause, which is excluded from the steps' time. */
  resume(): void {
    this.current.resume();
  }

  /** Distribution of a layer's gradient norm over all steps that were not skipped. */
  normsOf(layer: string): Spread | undefined {
    const norms = this.steps.map((step) => step.gradientNorms[layer]).filter(Number.isFinite);
    if (norms.length === 0) return undefined;
    let [sum, min, max] = [0, Infinity, -Infinity];
    for (const norm of norms) {
      sum += norm!;
      min = Math.min(min, norm!);
      max = Math.max(max, norm!);
    }
    return { mean: sum / norms.length, min, max };
  }
}

/** Running means over samples, as Keras displays them during an epoch. */
class RunningMean {
  steps = 0;
  samples = 0;
  /** Number of steps with a known time, which excludes those from a file. */
  timed = 0;
  private lossSum = 0;
  private metric: Metric = 'accuracy';
  private metricSum = 0;
  private first = { at: 0, samples: 0, steps: 0 };
  private last = { at: 0, samples: 0, steps: 0 };

  add(record: StepRecord, at: number): void {
    const { loss, samples, skipped } = record;
    this.steps++;
    if (at) this.timed++;
    if (skipped) return;
    this.samples += samples;
    this.lossSum += loss * samples;
    this.metric = metricIn(record);
    this.metricSum += record[this.metric]! * samples;
    this.last = { at, samples: this.samples, steps: this.steps };
    // 0 stands for an unknown time, as for steps from a file.
    if (!this.first.at) this.first = this.last;
  }

  get loss(): number {
    return this.lossSum / this.samples;
  }

  get measured(): Measured {
    return { [this.metric]: this.metricSum / this.samples };
  }

  /** Steps are reported in bursts, and the time between two steps of the same burst is not a step's duration. */
  get imagesPerSecond(): number | undefined {
    return this.ms && (1000 * (this.last.samples - this.first.samples)) / this.ms;
  }

  get stepMs(): number | undefined {
    return this.ms && this.ms / (this.last.steps - this.first.steps);
  }

  private get ms(): number | undefined {
    const ms = this.last.at - this.first.at;
    return ms > 200 ? ms : undefined;
  }

  resume(): void {
    this.first = this.last = { at: 0, samples: 0, steps: 0 };
  }

  clear(): void {
    this.steps = this.samples = this.timed = this.lossSum = this.metricSum = 0;
    this.resume();
  }
}
