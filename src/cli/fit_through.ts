import { count } from '../figures.ts';
import type { TrainingLog } from '../health/training_log.ts';
import type { EpochRecord, FitSettings, Snapshot } from '../index.ts';
import { historyBefore } from '../session/resume_point.ts';
import type { Keep, RunResult } from '../session/training_run.ts';
import { isBetter, type Monitor, monitored } from '../train/monitor.ts';
import { throughLosses } from './losses.ts';
import { unpackSnapshot } from './packed_snapshot.ts';
import type { PreparedRun } from './run.ts';

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
 * Trains to the end even if Chrome or the GPU is lost: another Chrome then continues from the newest state, or from the start, to
 * the same bits.
 *
 * @returns `end`, the state at the end, where it is wanted.
 * @throws what ended the run: after three losses without a new step between them, the last loss.
 */
export async function fitThrough(
  run: PreparedRun,
  { keep, fit, newest, log, isStopping, report, saves }: Fitting,
): Promise<{ fitted: RunResult; end: Snapshot | undefined }> {
  const { epochs } = run.plan;
  let fitted: RunResult | undefined;
  return throughLosses(
    async () => {
      const state = newest();
      if (fitted && state && historyBefore(log, state).epochs.length === epochs) return { fitted, end: state };
      fitted = await run.session.call('fit', { epochs, keep: keep(), fit });
      return { fitted, end: saves ? unpackSnapshot(await run.session.call('snapshot')) : undefined };
    },
    {
      restart: run.restart,
      progress: () => log.steps.length,
      isStopping,
      lost: ({ parts }) => {
        const step = newest()?.progress.step ?? 0;
        const place = step ? `from step ${count(step)}` : 'from its start';
        report(`lost     ${parts.what}: Chrome is started again, and the run continues ${place}`);
      },
    },
  );
}

/** The best of the epochs so far. */
export function bestOf(epochs: readonly EpochRecord[], monitor: Monitor): number | undefined {
  let best: number | undefined;
  for (const epoch of epochs) {
    const value = monitored(epoch, monitor);
    if (value !== undefined && isBetter(monitor, value, best)) best = value;
  }
  return best;
}
