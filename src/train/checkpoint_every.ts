import * as v from 'valibot';
import { integer, number } from '../check.ts';

/** How often the state of a run is taken: every so many steps or epochs, or as soon as so many seconds have passed. */
export type CheckpointEvery = { steps: number } | { epochs: number } | { seconds: number };

export const checkpointEverySchema: v.GenericSchema<unknown, CheckpointEvery> = v.union(
  [
    v.strictObject({ steps: integer(1) }),
    v.strictObject({ epochs: integer(1) }),
    v.strictObject({ seconds: number(0) }),
  ],
  '{ steps: n }, { epochs: n } or { seconds: n }',
);

/** Says when a state is due. Steps and epochs count from the start of the run, so a resumed run has them where the first one had. */
export class CheckpointTimes {
  private takenAt: number;

  constructor(
    private readonly every: CheckpointEvery,
    private readonly now = () => performance.now(),
  ) {
    this.takenAt = now();
  }

  /** Steps that may be submitted before a look is due. @param done steps. */
  stepsBeforeNext(done: number): number {
    return 'steps' in this.every ? this.every.steps - (done % this.every.steps) : Infinity;
  }

  /** @param done steps, the last of them in the middle of an epoch. */
  isDueAfterStep(done: number): boolean {
    return this.isDue(done);
  }

  /** @param done steps, the last of them the last one of this epoch. */
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
