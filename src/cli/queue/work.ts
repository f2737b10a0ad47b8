import * as v from 'valibot';
import { integer, parse } from '../../check.ts';
import type { TrialResult } from '../../report/sweep_file.ts';

/** What the queue has in it, as JSON that every version can read. */

export const workTypes = ['sweep', 'comparison', 'cures'] as const;
export type WorkType = (typeof workTypes)[number];

/** A worker with any adapter takes the tasks of a work that names this kind. */
export const anyKind = 'any';

/** A sweep or a comparison whose tasks are in the queue. */
export interface Work {
  format: 1;
  /** Hash of all that its results follow from. */
  id: string;
  type: WorkType;
  /** For people: the plan's name. */
  name: string;
  /** wgrad's version: no other one gets its tasks. */
  version: string;
  /** The kind of adapter that its tasks are for, or `any`. */
  kind: string;
  /** Tasks in all. */
  total: number;
  /** How often a task is begun before it counts as failed. */
  attempts: number;
  /** Seconds without a sign of a worker after which another one takes over its task. */
  takeover: number;
  /** Milliseconds since 1970. */
  begun: number;
  /** `open` while there is something to train. */
  state: 'open' | 'finished' | 'canceled';
}

const shortText = v.pipe(v.string('a text'), v.maxLength(200, 'at most 200 characters'));

/** Others may write more into it than this version knows. */
const workSchema = v.object({
  format: v.literal(1),
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/, '16 hexadecimal digits')),
  type: v.picklist(workTypes),
  name: shortText,
  version: shortText,
  kind: shortText,
  total: integer(0),
  attempts: integer(1, 100),
  takeover: v.pipe(v.number(), v.minValue(0.1), v.maxValue(86_400)),
  begun: v.number(),
  state: v.picklist(['open', 'finished', 'canceled']),
});

export const parseWork = (json: unknown): Work => parse(workSchema, json, 'The entry of a work in the queue');

/** A part of a work that a worker trains as a whole: a trial, a pair of twins, a run. */
export interface Task {
  work: string;
  /** Hash of its order. */
  id: string;
  /** The epoch after which it ends; undefined for the end of its order. */
  until?: number;
  /** What is trained: its type's schema checks it. */
  order: unknown;
}

const taskSchema = v.strictObject({
  work: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/, '16 hexadecimal digits')),
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/, '16 hexadecimal digits')),
  until: v.optional(integer(1)),
  order: v.unknown(),
});

/** @throws ConfigurationError for a job that wgrad did not write. */
export const parseTask = (json: unknown): Task => parse(taskSchema, json, 'The job') as Task;

/** What every task's result has; each type has more. */
export interface TaskResult extends Pick<TrialResult, 'id' | 'status' | 'seconds' | 'adapter' | 'kind' | 'error'> {
  /** A pair's or a run's record. */
  record?: unknown;
}

const resultSchema = v.looseObject({
  id: v.string(),
  status: v.picklist(['waiting', 'done', 'halted', 'failed']),
  seconds: v.number(),
  adapter: v.string(),
  kind: v.string(),
  error: v.optional(v.string()),
});

export const parseResult = (json: unknown): TaskResult => parse(resultSchema, json, 'A result in the queue');

/** A task has one result for each kind of adapter, and in asha one for each of its rungs. */
export const resultKey = ({ id, until }: Pick<Task, 'id' | 'until'>, kind: string): string =>
  `${id} ${until ?? 'end'} ${kind}`;

/** What a worker says of itself every few seconds. */
export interface WorkerSign {
  name: string;
  version: string;
  kind: string;
  adapter: string;
  /** Why it gets no tasks of the works that it cannot train. */
  refuses: string[];
  running: { work: string; id: string; share: number; line: string }[];
}

const signSchema = v.object({
  name: shortText,
  version: shortText,
  kind: shortText,
  adapter: shortText,
  refuses: v.array(v.string()),
  running: v.array(v.object({ work: v.string(), id: v.string(), share: v.number(), line: v.string() })),
});

export const parseSign = (json: unknown): WorkerSign => parse(signSchema, json, "A worker's sign");
