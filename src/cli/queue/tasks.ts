import { ConfigurationError, giveName, WgradError } from '../../errors.ts';
import type { TrialResult } from '../../report/sweep_file.ts';
import { hashOf } from '../hash_of.ts';
import { version } from '../package_facts.ts';
import type { Task, TaskResult, Work } from './work.ts';

/** This machine cannot train the task, but another one may: its data set is missing here, or differs. */
export class UnfitError extends WgradError {
  static {
    giveName(UnfitError, 'UnfitError');
  }
}

export interface TaskHooks {
  /** The state at which another worker stopped, as a run file. */
  from?: Uint8Array;
  /** Receives a function that returns the newest state as a file. */
  keep: (file: () => Uint8Array) => void;
  /** Called with the progress from 0 to 1. */
  progress: (share: number) => void;
  log: (lines: readonly string[]) => void;
}

export interface TaskOutcome {
  /** undefined for a task that was stopped: only its state is kept. */
  result?: TaskResult;
  /** The final state. */
  state?: () => Uint8Array;
}

/** Trains one task after the other. */
export interface TaskTrainer {
  readonly kind: string;
  /** Description of the adapter. */
  readonly adapter: string;
  /**
   * An error caused by the task is a result, too.
   *
   * @throws UnfitError if another machine has to train it.
   */
  train(work: Work, task: Task, hooks: TaskHooks): Promise<TaskOutcome>;
  /** Ends the current training after its current step. */
  stop(): void;
  close(): Promise<void>;
}

/** The result of a task that has failed. */
export function failedResult(
  { id }: Pick<Task, 'id'>,
  { kind, adapter }: Pick<TaskResult, 'kind' | 'adapter'>,
  error: string,
): TrialResult {
  const nothing = { epochs: 0, steps: 0, metric: null, course: [], figures: {}, layers: {}, seconds: 0 };
  return { id, status: 'failed', ...nothing, kind, adapter, error };
}

/** The id of a pair or a run, derived from the order and wgrad's version. */
export const taskIdOf = (order: unknown): string => hashOf({ order, version });

/** @throws ConfigurationError if a job's order was changed. */
export function requireIdOf({ id, order }: Task): void {
  const expected = taskIdOf(order);
  if (id === expected) return;
  throw new ConfigurationError({
    what: 'The order of the job does not belong to its id',
    found: `id ${id}`,
    expected,
  });
}
