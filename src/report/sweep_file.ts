/** A value of JSON. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
/** The options of `train` as JSON, by their names in camelCase. */
export type JsonOptions = { [name: string]: Json };

/**
 * `waiting`: its epochs are not all trained yet. `done`. `halted`: successive halving has ended it early. `failed`: an error
 * ended it.
 */
export type TrialStatus = 'waiting' | 'done' | 'halted' | 'failed';

/** A configuration that is trained from a seed: one run. */
export interface Trial {
  /** A hash of the options and of wgrad's version. */
  id: string;
  /** Trials with the same number differ in their seed alone. From 1. */
  configuration: number;
  seed: number;
  /** The values that the plan varies, by their paths. */
  varied: JsonOptions;
  /** All that `train` would be given, varied or not. */
  options: JsonOptions;
  /** The command that trains it alone. */
  command: string;
}

/** What a trial came to on one kind of adapter. */
export interface TrialResult {
  id: string;
  status: TrialStatus;
  /** Epochs that were trained. */
  epochs: number;
  /** Optimizer steps that were taken. */
  steps: number;
  /** The figure that decides, after the last epoch; null where it is not finite, or was not measured. */
  metric: number | null;
  /** The same after each epoch. */
  course: (number | null)[];
  /** All figures of the last epoch. */
  figures: Record<string, number | null>;
  /** The verdict on the run, if there is one. */
  verdict?: string;
  /** The layers whose gradients are not healthy at the end, each with its verdict. */
  layers: Record<string, string>;
  /** Seconds of training and validation, over all parts of the trial. */
  seconds: number;
  /** The adapter in words. */
  adapter: string;
  /** Results of different kinds are not compared with each other. */
  kind: string;
  /** What ended it, as `train` would say it. */
  error?: string;
  /** `earlyStopping` ended it: there are no more epochs to train. */
  stoppedEarly?: true;
}

export type TrialRecord = Trial & Partial<TrialResult> & Pick<TrialResult, 'status' | 'metric' | 'seconds'>;

/** What `wgrad sweep --json` writes. */
export interface SweepFile {
  kind: 'wgrad sweep';
  format: 1;
  /** As it was given. */
  plan: object;
  versions: { wgrad: string };
  /** The figure that decides, and which direction is better. */
  metric: { name: string; mode: 'min' | 'max' };
  trials: TrialRecord[];
}

/** Trials with what is known of them: one record for each kind of adapter that has trained it, or one that is waiting. */
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
