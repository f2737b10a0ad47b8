import { WgradError } from '../errors.ts';
import { count } from '../figures.ts';
import type { TrainingLog } from '../health/training_log.ts';
import type { Snapshot } from '../index.ts';
import { historyBefore } from '../session/resume_point.ts';
import { formatSavedRun, type RunToSave } from '../session/saved_run.ts';
import { writeWhole, writeWholeSomewhere } from './whole_file.ts';

/**
 * The training time between two writes is at least this many times the duration of the last write, so that writing costs at most 5
 * %.
 */
const trainingPerWriting = 20;

const howToContinue = (path: string) =>
  `to continue from there, use wgrad train --resume ${path}, or open the file on the training page (npx wgrad dev)`;

/** Writes the file of --save during the run, so that it has a recent state whatever happens to the GPU, Chrome or this process. */
export class RunSaver {
  private newest: Snapshot | undefined;
  private isWritten = true;
  private writing = { endedAt: 0, took: 0 };
  private hasWarned = false;

  constructor(
    private readonly path: string,
    private readonly run: RunToSave,
    private readonly log: TrainingLog,
  ) {}

  /** Adds a state that is newer than the previous one. */
  add(state: Snapshot): void {
    this.newest = state;
    this.isWritten = false;
  }

  /** Adds a state and writes it if it is time. A full disk does not end the run: there may be space at its end. */
  keep(state: Snapshot): void {
    this.add(state);
    if (performance.now() - this.writing.endedAt < trainingPerWriting * this.writing.took) return;
    try {
      this.write(writeWhole);
    } catch (error) {
      if (!this.hasWarned) console.error(`warning: ${(error as Error).message}\n  The run continues and tries again.`);
      this.hasWarned = true;
    }
  }

  /**
   * Writes the newest state, unless that has been done.
   *
   * @throws WgradError if the file cannot be written; the state is then written to another place, if possible.
   */
  finish(): void {
    if (!this.isWritten) this.write(writeWholeSomewhere);
  }

  /** Saves the newest state of a run that failed. @returns a sentence to print with the reason. */
  rescue(): string {
    if (!this.newest) return `no epoch was complete, so that ${this.path} was not written`;
    const { epochs: begun, step } = this.newest.progress;
    const complete = historyBefore(this.log, this.newest).epochs.length;
    const place = `${count(begun)} of ${count(this.run.epochs)}`;
    const state =
      complete === begun ? `the state after epoch ${place}` : `the state after step ${count(step)}, in epoch ${place}`;
    try {
      this.finish();
      return `${this.path} holds ${state}; ${howToContinue(this.path)}`;
    } catch (error) {
      return `${state} could not be saved as asked. ${(error as Error).message}`;
    }
  }

  private write(write: typeof writeWhole): void {
    const began = performance.now();
    try {
      write(this.path, formatSavedRun(this.run, this.log, this.newest!));
      this.isWritten = true;
    } finally {
      const endedAt = performance.now();
      this.writing = { endedAt, took: endedAt - began };
    }
  }
}

/**
 * Adds to the error which part of the run was saved. An unexpected error is returned unchanged, and the information is printed
 * first.
 */
export function withRescue(error: unknown, saver: RunSaver): unknown {
  const rescued = saver.rescue();
  if (!(error instanceof WgradError)) {
    console.error(`The run failed: ${rescued}.`);
    return error;
  }
  const { fix } = error.parts;
  return new WgradError(
    { ...error.parts, fix: fix ? `${fix}. As for this run, ${rescued}` : rescued },
    { cause: error },
  );
}
