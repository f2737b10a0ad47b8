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
      // After the last epoch, a restored state has nothing to train, and ends as this run did: with the best weights, for one.
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
        report(`lost     ${parts.what}: Chrome is started again, and the run continues ${place}`);
      },
    },
  );
}

/**
 * Evaluates the test images with the network as `fitThrough` left it. If Chrome or the GPU is lost, another Chrome takes the
 * network to the same end first.
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
        report(`lost     ${parts.what}: Chrome is started again, and the test images are evaluated there`),
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
