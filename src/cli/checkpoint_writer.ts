import type { TrainingLog } from '../health/training_log.ts';
import type { Snapshot } from '../index.ts';
import type { StateReason } from '../session/newest_state.ts';
import { formatSavedRun, type RunToSave } from '../session/saved_run.ts';
import type { CheckpointFolder } from './checkpoint_folder.ts';

/** Writes the checkpoints of a run that are due, and the best state. */
export class CheckpointWriter {
  private lastStep: number;
  private hasWarned = false;

  /** @param resumedAt the step of the checkpoint that the run resumes from, if it does. */
  constructor(
    private readonly folder: CheckpointFolder,
    private readonly run: RunToSave,
    private readonly log: TrainingLog,
    resumedAt = 0,
  ) {
    this.lastStep = resumedAt;
  }

  /** A full disk does not end the run: there may be space for the next checkpoint. */
  keep(state: Snapshot, { due, best }: StateReason): void {
    const { step } = state.progress;
    const isDue = due && step > this.lastStep;
    if (!isDue && best === undefined) return;
    try {
      const file = formatSavedRun(this.run, this.log, state);
      if (isDue) {
        this.folder.write(step, file);
        this.lastStep = step;
      }
      if (best !== undefined) this.folder.writeBest(file);
    } catch (error) {
      if (!this.hasWarned) console.error(`warning: ${(error as Error).message}\n  The run continues and tries again.`);
      this.hasWarned = true;
    }
  }

  /** Writes the run's last state, unless it has been written. */
  finish(state: Snapshot): void {
    if (state.progress.step <= this.lastStep) return;
    this.folder.write(state.progress.step, formatSavedRun(this.run, this.log, state));
    this.lastStep = state.progress.step;
  }
}
