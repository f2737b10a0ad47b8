import { givenReadingOptions } from '../../data/reading_options.ts';
import { ConfigurationError, DataError, WgradError } from '../../errors.ts';
import type { SavedRun } from '../../formats/run_file.ts';
import { describeAdapter } from '../../gpu/adapter.ts';
import type { RunEvent } from '../../health/run_events.ts';
import { badVerdicts } from '../../health/run_watch.ts';
import { TrainingLog } from '../../health/training_log.ts';
import type { AdapterFacts, EpochRecord, Snapshot, StoppedEarly } from '../../index.ts';
import type { Trial, TrialResult } from '../../report/sweep_file.ts';
import { historyBefore, resumePoint } from '../../session/resume_point.ts';
import { formatSavedRun, runToSave } from '../../session/saved_run.ts';
import { type Monitor, monitored } from '../../train/monitor.ts';
import { planRun } from '../../train/run_length.ts';
import { FreshEvents } from '../fresh_events.ts';
import { throughLosses } from '../losses.ts';
import { counts, firstOf, nameForPage } from '../run.ts';
import { servedState } from '../served_runs.ts';
import { linesOf } from '../train.ts';
import { TrainingChrome } from '../training_chrome.ts';
import type { CheckedTrial } from './checked_trial.ts';

/** A part of a trial: from its current state to an epoch. */
export interface TrialOrder {
  trial: Pick<Trial, 'id'>;
  checked: CheckedTrial;
  metric: Monitor;
  /** The epoch after which it ends; undefined for the trial's full length. */
  until?: number;
  /** The state from which it continues, if any. */
  from?: SavedRun;
  /** The result so far, if it continues. */
  before?: Pick<TrialResult, 'seconds'>;
  /** Receives a function that returns the newest state as a file. */
  keep?: (file: () => Uint8Array) => void;
  /** Called with the progress from 0 to 1. */
  progress?: (share: number) => void;
  log?: (lines: readonly string[]) => void;
}

export interface TrialOutcome {
  /** undefined for a trial that was stopped: only its state is kept. */
  result?: TrialResult;
  /** The final state as a run file. */
  state?: () => Uint8Array;
}

/** A name for the kind of adapter; results of different kinds are kept apart. */
export const kindOf = ({ software, vendor, architecture, description }: AdapterFacts): string =>
  software
    ? /llvmpipe/i.test(description)
      ? 'llvmpipe'
      : 'software'
    : [vendor, architecture].filter(Boolean).join(' ') || 'hardware';

/** A Chrome that trains trials, one after the other. */
export class TrialChrome extends TrainingChrome {
  private log = new TrainingLog();
  private newest: Snapshot | undefined;
  private hear: (events: RunEvent[]) => void = () => {};
  private keep: () => void = () => {};
  protected override receivers() {
    return {
      tell: (events: RunEvent[]) => this.hear(events),
      keep: (state: Snapshot) => {
        this.newest = state;
        this.keep();
      },
      files: servedState(() => resumePoint(this.log, this.newest!)),
    };
  }

  /**
   * Trains a trial. An error caused by its configuration or its numbers is a result, too.
   *
   * @throws errors that the trial did not cause: a Chrome that cannot be restarted.
   */
  async run(order: TrialOrder): Promise<TrialOutcome> {
    const { trial, checked, from, before, progress, log: print } = order;
    const { options, trainer, fit, datasets } = checked;
    const plan = planRun(options, datasets, this.adapter.software, datasets.train.imageShape);
    const epochs = Math.min(order.until ?? plan.epochs, plan.epochs);
    this.datasets = firstOf(datasets, plan.trainSamples, plan.testSamples);
    this.log = new TrainingLog();
    const { log } = this;
    if (from) log.load(historyBefore(from.history, from.snapshot));
    this.newest = from?.snapshot;
    const fresh = new FreshEvents(log);
    const begun = performance.now();
    const request = {
      ...trainer,
      dataset: nameForPage(options.dataset),
      clean: options.clean,
      reading: givenReadingOptions(options),
      fit,
    };
    const toSave = runToSave(
      { ...request, epochs: plan.epochs, ...counts(this.datasets) },
      this.datasets.train,
      undefined,
    );
    const state = () => formatSavedRun(toSave, log, this.newest!);
    this.keep = () => order.keep?.(state);
    this.hear = (received) => {
      for (const lines of linesOf(fresh.of(received), log, plan.epochs)) print?.(lines);
      progress?.(log.stepsPerEpoch > 0 ? log.steps.length / (log.stepsPerEpoch * epochs) : 0);
    };
    const ended = {
      isWhole: false,
      stoppedEarly: undefined as StoppedEarly | undefined,
      error: undefined as string | undefined,
    };
    try {
      const fitted = await this.fit(order, epochs);
      ended.isWhole = !fitted.stopped;
      ended.stoppedEarly = fitted.stoppedEarly;
    } catch (error) {
      if (this.stopping || !isOfTheTrial(error)) throw error;
      ended.error = error.message;
      print?.([`error: ${error.message}`]);
    }
    const kept = this.newest && { state };
    if (!ended.isWhole && ended.error === undefined) return { ...kept };
    const seconds = (before?.seconds ?? 0) + (performance.now() - begun) / 1000;
    const isDone = log.epochs.length >= plan.epochs || ended.stoppedEarly !== undefined;
    return {
      ...kept,
      result: {
        id: trial.id,
        status: ended.error !== undefined ? 'failed' : isDone ? 'done' : 'waiting',
        ...figuresOf(log, order.metric, ended.error !== undefined),
        seconds: Number(seconds.toFixed(2)),
        adapter: describeAdapter(this.adapter),
        kind: kindOf(this.adapter),
        ...(ended.error !== undefined && { error: ended.error }),
        ...(ended.stoppedEarly && { stoppedEarly: true }),
      },
    };
  }

  private async fit({ trial, checked: { trainer, fit }, log: print }: TrialOrder, epochs: number) {
    const prepare = async () => {
      await this.session!.call('prepare', trainer);
      if (this.newest) await this.session!.call('restore');
    };
    let isPrepared = false;
    return throughLosses(
      async () => {
        if (!isPrepared) await prepare();
        isPrepared = true;
        return this.session!.call('fit', { epochs, keep: { every: { epochs: 1 } }, fit });
      },
      {
        restart: async () => {
          await this.reopen();
          await prepare();
          isPrepared = true;
        },
        progress: () => this.log.steps.length,
        isStopping: () => this.stopping,
        lost: ({ parts }) => {
          isPrepared = false;
          const lost = `lost     ${parts.what}: Chrome is restarted, and trial ${trial.id} continues`;
          print?.([lost]);
          console.error(lost);
        },
      },
    );
  }
}

/** Errors caused by the trial, such as non-finite numbers or a tensor that is too large: they would recur in another Chrome. */
const isOfTheTrial = (error: unknown): error is WgradError =>
  error instanceof ConfigurationError ||
  error instanceof DataError ||
  (error instanceof WgradError && error.name === 'TrainingError');

const finite = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

/** Times differ from run to run, so they are not results. */
const times = ['epoch', 'seconds', 'imagesPerSecond'];

function figuresOf(
  { epochs, steps, verdicts, runVerdicts }: TrainingLog,
  metric: Monitor,
  hasFailed: boolean,
): Pick<TrialResult, 'epochs' | 'steps' | 'metric' | 'course' | 'figures' | 'layers' | 'verdict'> {
  const last: Partial<EpochRecord> = epochs.at(-1) ?? {};
  const course = epochs.map((epoch) => finite(monitored(epoch, metric)));
  const numbers = Object.entries(last).filter(([name, value]) => typeof value === 'number' && !times.includes(name));
  const layers: Record<string, string> = {};
  for (const { layer, verdict } of verdicts) layers[layer] = verdict;
  const runVerdict = runVerdicts.at(-1)?.verdict;
  return {
    epochs: epochs.length,
    steps: steps.length,
    metric: hasFailed ? null : (course.at(-1) ?? null),
    course,
    figures: Object.fromEntries(numbers.map(([name, value]) => [name, finite(value)])),
    ...(runVerdict && { verdict: runVerdict }),
    layers: Object.fromEntries(
      Object.entries(layers).filter(
        ([, verdict]) => verdict === 'weakening' || (badVerdicts as readonly string[]).includes(verdict),
      ),
    ),
  };
}
