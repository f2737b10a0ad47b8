import type { SavedRun } from './run_file.ts';

type History = SavedRun['history'];

/** Keeps the records up to a step, and those of the epochs completed by then. */
export function upTo(
  { steps, epochs, verdicts, runVerdicts, probes, health }: History,
  last: number,
  lastEpoch: number,
): History {
  const isBefore = ({ step }: { step: number }) => step <= last;
  // An epoch is complete unless one of its steps comes later.
  const unfinished = steps.find(({ step }) => step > last)?.epoch;
  return {
    steps: steps.filter(isBefore),
    epochs: epochs.filter(({ epoch }) => epoch <= lastEpoch && epoch < (unfinished ?? Infinity)),
    verdicts: verdicts.filter(isBefore),
    ...(runVerdicts && runVerdicts.length > 0 && { runVerdicts: runVerdicts.filter(isBefore) }),
    probes: probes.filter(isBefore),
    ...(health && { health }),
  };
}
