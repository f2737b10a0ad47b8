import type { TrialResult } from '../../report/sweep_file.ts';
import type { Monitor } from '../../train/monitor.ts';

/** A rung of successive halving: the epoch at which it decides, and the number of configurations that are trained up to there. */
export interface Rung {
  epochs: number;
  size: number;
}

/** The rungs of a search: each is `eta` times as long as the previous one, and has one in `eta` of its configurations. */
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

/** Up to which epoch a configuration may be trained, or that it is not trained further. */
export type Decision = { until: number } | 'halted';

type Result = Pick<TrialResult, 'status' | 'epochs' | 'course' | 'stoppedEarly'>;

/**
 * Decides about every configuration based on its results so far. A configuration is trained further as soon as no other one can displace it
 * from the best of its rung, whatever the pending results turn out to be. The decisions therefore depend neither on the number of workers
 * nor on their speed.
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
      // Failed configurations come last; ties are broken by order.
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

/** The mean over the seeds, with larger values being better. A run that failed or has no finite figure is the worst. */
function figureOf(results: readonly Result[], epochs: number, mode: Monitor['mode']): number {
  const figures = results.map(({ status, course }) => {
    const figure = course[Math.min(epochs, course.length) - 1];
    if (status === 'failed' || typeof figure !== 'number') return -Number.MAX_VALUE;
    return mode === 'max' ? figure : -figure;
  });
  return figures.reduce((sum, figure) => sum + figure / figures.length, 0);
}
