import { count } from '../figures.ts';
import type { TrainingLog } from '../health/training_log.ts';
import type { EpochRecord, EvaluateOptions, Evaluation, FitSettings, Snapshot } from '../index.ts';
import { unpackNumbers } from '../json_numbers.ts';
import type { Keep, RunResult } from '../session/training_run.ts';
import { isBetter, type Monitor, monitored } from '../train/monitor.ts';
import { throughLosses } from './losses.ts';
import { unpackSnapshot } from './packed_snapshot.ts';
import type { PreparedRun } from './run.ts';

export interface Fitting {
  /** Which states the page sends, given the current state of the run. */
  keep: () => Keep;
  fit: FitSettings;
  /** The newest state sent, from which a new Chrome continues. */
  newest: () => Snapshot | undefined;
  log: TrainingLog;
  isStopping: () => boolean;
  report: (line: string) => void;
  /** Whether the final state is wanted. */
  saves: boolean;
}

/**
 * Trains to the end even if Chrome or the GPU is lost: another Chrome then continues from the newest state, or from the start, to
 * the same bits.
 *
 * @returns `end`, the final state, if it is wanted.
 * @throws the error that ended the run: after three losses without a new step between them, the last loss.
 */
export async function fitThrough(
  run: PreparedRun,
  { keep, fit, newest, log, isStopping, report, saves }: Fitting,
): Promise<{ fitted: RunResult; end: Snapshot | undefined }> {
  const { epochs } = run.plan;
  let fitted: RunResult | undefined;
  return throughLosses(
    async () => {
      // If the restored state is after the last epoch, there is nothing left to train, but the run must still end as this one did,
      // for example with the best weights.
      const result = await run.session.call('fit', { epochs, keep: keep(), fit });
      fitted = { ...result, startup: fitted?.startup ?? result.startup };
      return { fitted, end: saves ? unpackSnapshot(await run.session.call('snapshot')) : undefined };
    },
    {
      restart: run.restart,
      progress: () => log.steps.length,
      isStopping,
      lost: ({ parts }) => {
        const step = newest()?.progress.step ?? 0;
        const place = step ? `from step ${count(step)}` : 'from its start';
        report(`lost     ${parts.what}: Chrome is restarted, and the run continues ${place}`);
      },
    },
  );
}

/**
 * Evaluates the test images with the network that `fitThrough` trained. If Chrome or the GPU is lost, another Chrome first trains
 * the network to the same end.
 *
 * @throws the last loss, after three in a row.
 */
export async function evaluateThrough(
  run: PreparedRun,
  options: EvaluateOptions,
  { fit, isStopping, report }: Pick<Fitting, 'fit' | 'isStopping' | 'report'>,
): Promise<Evaluation> {
  let isAtEnd = true;
  return throughLosses(
    async () => {
      if (!isAtEnd) await run.session.call('fit', { epochs: run.plan.epochs, fit });
      isAtEnd = true;
      return unpackNumbers(await run.session.call('evaluate', options));
    },
    {
      restart: async () => {
        isAtEnd = false;
        await run.restart();
      },
      progress: () => 0,
      isStopping,
      lost: ({ parts }) =>
        report(`lost     ${parts.what}: Chrome is restarted, and the test images are evaluated again`),
    },
  );
}

/** The best monitored value of the epochs so far. */
export function bestOf(epochs: readonly EpochRecord[], monitor: Monitor): number | undefined {
  let best: number | undefined;
  for (const epoch of epochs) {
    const value = monitored(epoch, monitor);
    if (value !== undefined && isBetter(monitor, value, best)) best = value;
  }
  return best;
}
