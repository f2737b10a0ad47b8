import type { Change, Remedy, RunVerdict, Verdict } from './health.ts';

/**
 * The first remedy that changes the experiment: from the verdict on the run, or otherwise from the first layer that has one.
 *
 * @param verdicts all changes, in order, of all layers.
 */
export function firstRemedy(
  runVerdicts: readonly RunVerdict[],
  verdicts: readonly Verdict[],
): (Remedy & { change: Change }) | undefined {
  const last = new Map(verdicts.map((verdict) => [verdict.layer, verdict]));
  const all = [runVerdicts.at(-1)?.remedies ?? [], ...[...last.values()].map(({ remedies = [] }) => remedies)].flat();
  return all.find((remedy): remedy is Remedy & { change: Change } => remedy.change !== undefined);
}
