import type { TrialResult } from '../../report/sweep_file.ts';
import type { Monitor } from '../../train/monitor.ts';

/** The epochs at which successive halving decides, and how many configurations are trained up to each. */
export interface Rung {
  epochs: number;
  size: number;
}

/** The rungs of a search: each is `eta` times as long as the one before, and has one configuration of `eta` of it. */
export function rungsOf(
  configurations: number,
  epochs: number,
  { eta, minEpochs }: { eta: number; minEpochs: number },
): Rung[] {
  const rungs: Rung[] = [];
  let size = configurations;
  for (let at = Math.min(minEpochs, epochs); ; at = Math.min(epochs, at * eta)) {
    rungs.push({ epochs: at, size });
    if (at === epochs) return rungs;
    size = Math.max(1, Math.floor(size / eta));
  }
}

/** How far a configuration may be trained: up to an epoch, or no further than it is. */
export type Decision = { until: number } | 'halted';

type Result = Pick<TrialResult, 'status' | 'epochs' | 'course' | 'stoppedEarly'>;

/**
 * Decides about every configuration from what is known of it. A configuration is trained further as soon as no other one can
 * push it out of its rung's best, however those that still train turn out: what is trained does not depend on
 * how many workers there are, nor on which is faster.
 *
 * @param configurations the results of each configuration's seeds, in order; undefined for those without one.
 */
export function decide(
  configurations: readonly (readonly (Result | undefined)[])[],
  rungs: readonly Rung[],
  mode: Monitor['mode'],
): Decision[] {
  const decisions: Decision[] = configurations.map(() => ({ until: rungs[0]!.epochs }));
  let members = configurations.map((_, i) => i);
  for (const [place, { epochs, size }] of rungs.entries()) {
    for (const i of members) decisions[i] = { until: epochs };
    const next = rungs[place + 1];
    if (!next) break;
    const done = members
      .filter((i) => configurations[i]!.every((result) => hasReached(result, epochs)))
      .map((i) => ({ i, figure: figureOf(configurations[i]! as readonly Result[], epochs, mode) }))
      // The worst have NaN or the like; the one that is listed first wins a tie.
      .sort((a, b) => b.figure - a.figure || a.i - b.i);
    const pending = size - done.length;
    members = [];
    for (const [rank, { i }] of done.entries()) {
      if (rank + pending < next.size) members.push(i);
      else if (rank >= next.size) decisions[i] = 'halted';
    }
  }
  return decisions;
}

const hasReached = (result: Result | undefined, epochs: number): boolean =>
  result !== undefined && (result.epochs >= epochs || result.status === 'failed' || result.stoppedEarly === true);

/** The mean over the seeds, larger for better: that of a run which failed, or has no finite figure, is the worst. */
function figureOf(results: readonly Result[], epochs: number, mode: Monitor['mode']): number {
  const figures = results.map(({ status, course }) => {
    const figure = course[Math.min(epochs, course.length) - 1];
    if (status === 'failed' || typeof figure !== 'number') return -Number.MAX_VALUE;
    return mode === 'max' ? figure : -figure;
  });
  return figures.reduce((sum, figure) => sum + figure / figures.length, 0);
}
