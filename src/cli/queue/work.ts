import * as v from 'valibot';
import { integer, parse } from '../../check.ts';
import type { TrialResult } from '../../report/sweep_file.ts';

/** The contents of the queue, as JSON that every version can read. */

const workTypes = ['sweep', 'comparison', 'cures'] as const;
export type WorkType = (typeof workTypes)[number];

/** The kind of a work whose tasks any worker may take, whatever its adapter. */
export const anyKind = 'any';

/** How often a task is started, and after how many seconds a silent worker is replaced, unless the user says otherwise. */
export const defaultAttempts = 5;
export const defaultTakeover = 30;

/** A sweep or a comparison whose tasks are in the queue. */
export interface Work {
  format: 1;
  /** Hash of everything that determines its results. */
  id: string;
  type: WorkType;
  /** Display name: the plan's name. */
  name: string;
  /** The version of wgrad whose workers may take its tasks. */
  version: string;
  /** The kind of adapter that may train its tasks, or `any`. */
  kind: string;
  /** Total number of tasks. */
  total: number;
  /** How often a task is started before it counts as failed. */
  attempts: number;
  /** Seconds without a sign of a worker after which another one takes over its task. */
  takeover: number;
  /** Milliseconds since 1970. */
  begun: number;
  /** `open` while there is something to train. */
  state: 'open' | 'finished' | 'canceled';
}

const shortText = v.pipe(v.string('a text'), v.maxLength(200, 'at most 200 characters'));

/** Other versions may add fields that this one does not know. */
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

/** A part of a work that a worker trains as a whole: a trial, a pair of twins, or a run. */
export interface Task {
  work: string;
  /** Hash of its order. */
  id: string;
  /** The epoch after which it ends; undefined for its full length. */
  until?: number;
  /** The options to train with; checked by the schema of the work's type. */
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

/** Parses an entry of the queue. Returns undefined if it is invalid, so that one bad entry does not stop a work. */
export function readable<From, To>(entry: From, parse: (entry: From) => To): To | undefined {
  try {
    return parse(entry);
  } catch {
    return undefined;
  }
}

/** The fields that every task's result has; each type adds its own. */
export interface TaskResult extends Pick<TrialResult, 'id' | 'status' | 'seconds' | 'adapter' | 'kind' | 'error'> {
  /** The record of a pair or a run. */
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

/** A task has one result per kind of adapter, and with asha also one per rung. */
export const resultKey = ({ id, until }: Pick<Task, 'id' | 'until'>, kind: string): string =>
  `${id} ${until ?? 'end'} ${kind}`;

/** Why a worker takes no tasks of a work: the work's id, its name, and the reason. */
export interface Refusal {
  work: string;
  name: string;
  why: string;
}

/** The status that a worker publishes every few seconds. */
export interface WorkerSign {
  name: string;
  version: string;
  kind: string;
  adapter: string;
  /** Why it gets no tasks of the works that it cannot train. */
  refuses: Refusal[];
  running: { work: string; id: string; share: number; line: string }[];
}

const signSchema = v.object({
  name: shortText,
  version: shortText,
  kind: shortText,
  adapter: shortText,
  refuses: v.array(v.object({ work: v.string(), name: v.string(), why: v.string() })),
  running: v.array(v.object({ work: v.string(), id: v.string(), share: v.number(), line: v.string() })),
});

export const parseSign = (json: unknown): WorkerSign => parse(signSchema, json, "A worker's sign");
