import { upTo } from '../formats/history_until.ts';
import type { SavedRun } from '../formats/run_file.ts';
import { withoutHealth } from '../health/history.ts';
import type { FitOptions } from '../train/fit_options.ts';
import type { Snapshot } from '../train/snapshot.ts';

/** A state of a run, and what `fit` needs to know about the run up to that state. */
export interface ResumePoint extends Required<Pick<FitOptions, 'initialEpoch' | 'initialSteps' | 'initialVerdicts'>> {
  snapshot: Snapshot;
}

type Log = Pick<SavedRun['history'], 'epochs' | 'steps' | 'verdicts' | 'runVerdicts' | 'probes' | 'health'>;

/** The events of a run that came before a state. */
export function historyBefore(log: Log, { progress, health }: Snapshot): SavedRun['history'] {
  const history = upTo(log, progress.step, progress.epochs);
  if (!health) return history;
  // The step of a verdict is the step since which it holds, which is earlier than the step in which it was reached. The last verdict of
  // each layer is therefore taken from the watch.
  const { standings } = health.watch;
  const verdicts = history.verdicts.filter(({ layer, step, verdict }) => {
    const standing = standings[layer]?.verdict;
    return standing && (step < standing.step || (step === standing.step && verdict === standing.verdict));
  });
  return { ...history, verdicts };
}

/** The point at which a run resumes from a state. @param log the run's events, at least up to that state. */
export function resumePoint(log: Log, snapshot: Snapshot): ResumePoint {
  const { epochs, steps, verdicts } = historyBefore(log, snapshot);
  const initialEpoch = epochs.length;
  return {
    snapshot,
    initialEpoch,
    initialSteps: steps.filter(({ epoch }) => epoch > initialEpoch).map(withoutHealth),
    initialVerdicts: verdicts,
  };
}
