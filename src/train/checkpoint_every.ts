import * as v from 'valibot';
import { integer, number } from '../check.ts';

/** How often checkpoints are taken: every given number of steps, epochs or seconds. */
export type CheckpointEvery = { steps: number } | { epochs: number } | { seconds: number };

export const checkpointEverySchema: v.GenericSchema<unknown, CheckpointEvery> = v.union(
  [
    v.strictObject({ steps: integer(1) }),
    v.strictObject({ epochs: integer(1) }),
    v.strictObject({ seconds: number(0) }),
  ],
  '{ steps: n }, { epochs: n } or { seconds: n }',
);
