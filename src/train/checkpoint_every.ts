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

/**
 * Decides when a checkpoint is due. Steps and epochs count from the start of the run, so that a resumed run has checkpoints at
 * the same points.
 */
export class CheckpointTimes {
  private takenAt: number;

  constructor(
    private readonly every: CheckpointEvery,
    private readonly now = () => performance.now(),
  ) {
    this.takenAt = now();
  }

  /** Number of steps that may be submitted before the next check. @param done completed steps. */
  stepsBeforeNext(done: number): number {
    return 'steps' in this.every ? this.every.steps - (done % this.every.steps) : Infinity;
  }

  /** @param done completed steps, the last of them within an epoch. */
  isDueAfterStep(done: number): boolean {
    return this.isDue(done);
  }

  /** @param done completed steps, the last of them at the end of this epoch. */
  isDueAfterEpoch(done: number, epoch: number): boolean {
    return 'epochs' in this.every ? epoch % this.every.epochs === 0 : this.isDue(done);
  }

  taken(): void {
    this.takenAt = this.now();
  }

  private isDue(done: number): boolean {
    if ('steps' in this.every) return done % this.every.steps === 0;
    return 'seconds' in this.every && this.now() - this.takenAt >= 1000 * this.every.seconds;
  }
}
