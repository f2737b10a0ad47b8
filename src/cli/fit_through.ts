import { ConfigurationError, DataError, WgradError } from '../errors.ts';
import { count } from '../figures.ts';
import type { TrainingLog } from '../health/training_log.ts';
import type { EpochRecord, FitSettings, MetricConfig, Snapshot } from '../index.ts';
import { fillMetrics } from '../model/metrics/index.ts';
import { historyBefore } from '../session/resume_point.ts';
import type { Keep, RunResult } from '../session/training_run.ts';
import { isBetter, type Monitor, monitored, monitorOf } from '../train/monitor.ts';
import { BrowserSilentError, isLoss } from './browser_lost_error.ts';
import { Losses, lossesInARow } from './losses.ts';
import { unpackSnapshot } from './packed_snapshot.ts';
import type { PreparedRun } from './run.ts';

/** Milliseconds between a Chrome that could not be started and the next try. */
const pauseBetweenTries = 1000;

export interface Fitting {
  /** Which states the page sends, as the run stands. */
  keep: () => Keep;
  fit: FitSettings;
  /** The newest of them: where a new Chrome begins. */
  newest: () => Snapshot | undefined;
  log: TrainingLog;
  isStopping: () => boolean;
  report: (line: string) => void;
  /** The state at the end is wanted. */
  saves: boolean;
}

/**
 * Trains to the end, whatever happens to Chrome and the GPU: where one is lost, another Chrome goes on from the newest state, or
 * from the start, to the same bits.
 *
 * @returns `end`, the state at the end, where it is wanted.
 * @throws what ended the run: after `lossesInARow` losses without a new step between them, the last loss.
 */
export async function fitThrough(
  run: PreparedRun,
  { keep, fit, newest, log, isStopping, report, saves }: Fitting,
): Promise<{ fitted: RunResult; end: Snapshot | undefined }> {
  const { epochs } = run.plan;
  const losses = new Losses(log.steps.length);
  let fitted: RunResult | undefined;
  let isLost = false;
  let stepsBefore = log.steps.length;
  for (;;) {
    try {
      if (isLost) await run.restart();
      isLost = false;
      stepsBefore = log.steps.length;
      const state = newest();
      if (fitted && state && historyBefore(log, state).epochs.length === epochs) return { fitted, end: state };
      fitted = await run.session.call('fit', { epochs, keep: keep(), fit });
      return { fitted, end: saves ? unpackSnapshot(await run.session.call('snapshot')) : undefined };
    } catch (error) {
      // A Chrome that does not start again is as good as lost.
      if (!(isLost ? isStartFailure(error) : isLoss(error)) || isStopping()) throw error;
      // Where not a single step was made, the next Chrome would take as long to say nothing.
      if (error instanceof BrowserSilentError && log.steps.length === stepsBefore) throw error;
      if (isLost) await new Promise((resolve) => setTimeout(resolve, pauseBetweenTries));
      isLost = true;
      if (!losses.add(log.steps.length)) throw withTries(error as WgradError);
      report(lostLine(error as WgradError, newest()?.progress.step ?? 0));
    }
  }
}

const isStartFailure = (error: unknown) =>
  error instanceof WgradError && !(error instanceof ConfigurationError) && !(error instanceof DataError);

const lostLine = ({ parts }: WgradError, step: number) =>
  `lost     ${parts.what}: Chrome is started again, and the run goes on ${step ? `from step ${count(step)}` : 'from its start'}`;

/** The error, with what was tried. */
function withTries({ parts }: WgradError): WgradError {
  const found = 'found' in parts ? `${parts.found}; ` : '';
  return new WgradError({
    ...parts,
    found: `${found}lost ${lossesInARow} times in a row, without a new step in between`,
  });
}

/** The figure whose best epoch is kept. @throws ConfigurationError for one that is not measured. */
export const monitorOfRun = (
  name: string | undefined,
  validation: boolean,
  metrics: readonly MetricConfig[] = [],
): Monitor =>
  monitorOf(
    { monitor: name ?? (validation ? 'validationLoss' : 'loss') },
    { validation, metrics: fillMetrics(metrics) },
    '--monitor',
  );

/** The best of the epochs so far. */
export function bestOf(epochs: readonly EpochRecord[], monitor: Monitor): number | undefined {
  let best: number | undefined;
  for (const epoch of epochs) {
    const value = monitored(epoch, monitor);
    if (value !== undefined && isBetter(monitor, value, best)) best = value;
  }
  return best;
}
