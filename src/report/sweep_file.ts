/** A JSON value. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
/** Options of `train` as JSON, with their camelCase names. */
export type JsonOptions = { [name: string]: Json };

/**
 * `waiting`: not all of its epochs are trained yet. `done`: complete. `halted`: successive halving ended it early. `failed`: an
 * error ended it.
 */
export type TrialStatus = 'waiting' | 'done' | 'halted' | 'failed';

/** A configuration trained with one seed: one run. */
export interface Trial {
  /** Hash of the options and wgrad's version. */
  id: string;
  /** Trials with the same number differ in their seed only. Counted from 1. */
  configuration: number;
  seed: number;
  /** The values that the plan varies, by their paths. */
  varied: JsonOptions;
  /** All options for `train`, varied or not. */
  options: JsonOptions;
  /** The command that trains this trial alone. */
  command: string;
}

/** The result of a trial on one kind of adapter. */
export interface TrialResult {
  id: string;
  status: TrialStatus;
  /** Number of epochs trained. */
  epochs: number;
  /** Number of optimizer steps taken. */
  steps: number;
  /** The deciding metric after the last epoch; null if it is not finite or was not measured. */
  metric: number | null;
  /** The deciding metric after each epoch. */
  course: (number | null)[];
  /** All figures of the last epoch. */
  figures: Record<string, number | null>;
  /** The verdict on the run, if there is one. */
  verdict?: string;
  /** The layers whose gradients are not healthy at the end, with their verdicts. */
  layers: Record<string, string>;
  /** Seconds of training and validation, summed over all parts of the trial. */
  seconds: number;
  /** Description of the adapter. */
  adapter: string;
  /** Kind of adapter; results of different kinds are not compared with each other. */
  kind: string;
  /** The error that ended it, as `train` reports it. */
  error?: string;
  /** `earlyStopping` ended it, so there are no more epochs to train. */
  stoppedEarly?: true;
}

export type TrialRecord = Trial & Partial<TrialResult> & Pick<TrialResult, 'status' | 'metric' | 'seconds'>;

/** The file format of `wgrad sweep --json`. */
export interface SweepFile {
  kind: 'wgrad sweep';
  format: 1;
  /** The plan as given. */
  plan: object;
  versions: { wgrad: string };
  /** The deciding metric, and which direction is better. */
  metric: { name: string; mode: 'min' | 'max' };
  trials: TrialRecord[];
}

/** Joins trials with their results: one record for each kind of adapter that has trained a trial, or one waiting record. */
export function recordsOf(trials: readonly Trial[], results: Iterable<TrialResult>): TrialRecord[] {
  const newest = new Map<string, Map<string, TrialResult>>();
  for (const result of results) {
    const ofTrial = newest.get(result.id) ?? new Map<string, TrialResult>();
    newest.set(result.id, ofTrial.set(result.kind, result));
  }
  return trials.flatMap((trial): TrialRecord[] => {
    const found = [...(newest.get(trial.id)?.values() ?? [])];
    if (found.length > 0) return found.map((result) => ({ ...trial, ...result }));
    return [{ ...trial, status: 'waiting', metric: null, seconds: 0 }];
  });
}
