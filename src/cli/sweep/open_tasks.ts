import type { Trial, TrialResult } from '../../report/sweep_file.ts';
import { decide } from './halving.ts';
import type { CheckedSweep } from './trials.ts';

/** A part of a trial that can be trained now. */
export interface Task {
  trial: Trial;
  /** The epoch after which it ends; undefined for the trial's full length. */
  until?: number;
}

type Sweep = Pick<CheckedSweep, 'trials' | 'metric' | 'rungs'>;

/**
 * The tasks that can be trained now, and the trials that are halted: both follow from the results alone, so a sweep can be
 * continued from them.
 */
export function openTasks(
  { trials, metric, rungs }: Sweep,
  resultOf: (id: string) => TrialResult | undefined,
): { tasks: Task[]; halted: TrialResult[] } {
  const isOpen = (result: TrialResult | undefined) => !result || result.status === 'waiting';
  if (!rungs) {
    return { tasks: trials.flatMap((trial) => (isOpen(resultOf(trial.id)) ? [{ trial }] : [])), halted: [] };
  }
  const groups = configurationsIn(trials);
  const results = groups.map((group) => group.map(({ id }) => resultOf(id)));
  const decisions = decide(results, rungs, metric.mode);
  const tasks: Task[] = [];
  const halted: TrialResult[] = [];
  for (const [i, decision] of decisions.entries()) {
    for (const [place, trial] of groups[i]!.entries()) {
      const result = results[i]![place];
      if (!isOpen(result)) continue;
      if (decision !== 'halted' && (result?.epochs ?? 0) < decision.until) tasks.push({ trial, until: decision.until });
      if (decision === 'halted' && result) halted.push({ ...result, status: 'halted' });
    }
  }
  // The longest-trained configurations come first, so that the best are known early.
  return { tasks: tasks.sort((a, b) => b.until! - a.until!), halted };
}

/** Groups trials by configuration. */
function configurationsIn(trials: readonly Trial[]): Trial[][] {
  const groups = new Map<number, Trial[]>();
  for (const trial of trials) groups.set(trial.configuration, [...(groups.get(trial.configuration) ?? []), trial]);
  return [...groups.values()];
}

/** Completed and total amount of a sweep: in epochs with asha, otherwise in trials. */
export function amountOf(
  { trials, rungs }: Sweep,
  resultOf: (id: string) => TrialResult | undefined,
): { done: number; total: number } {
  const results = trials.map(({ id }) => resultOf(id));
  if (!rungs) {
    return { done: results.filter((result) => result && result.status !== 'waiting').length, total: trials.length };
  }
  const seeds = trials.length / rungs[0]!.size;
  const total = rungs.reduce(
    (sum, { epochs, size }, i) => sum + seeds * size * (epochs - (rungs[i - 1]?.epochs ?? 0)),
    0,
  );
  return { done: results.reduce((sum, result) => sum + (result?.epochs ?? 0), 0), total };
}
