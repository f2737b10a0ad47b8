import { count } from '../../../figures.ts';
import type { Run } from './run.ts';
import type { From } from './worker.ts';

/** The point at which a run resumes, in words: "the end of epoch 3". */
export function placeOf({ log: { stepsPerEpoch } }: Run, { step }: From): string {
  const epoch = Math.floor(step / stepsPerEpoch);
  const midEpoch = step % stepsPerEpoch;
  if (!midEpoch) return `the end of epoch ${epoch}`;
  return `step ${count(midEpoch)} of ${count(stepsPerEpoch)} of epoch ${epoch + 1}`;
}
