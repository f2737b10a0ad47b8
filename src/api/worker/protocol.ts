import type { AdapterFacts } from '../../gpu/device.ts';
import type { CompiledModel } from '../../model/graph.ts';
import type { LayerSummary } from '../../model/summary.ts';
import type { Startup } from '../../train/engine.ts';
import type { FitOptions } from '../../train/fit_options.ts';
import type { PicturePreparation } from '../../train/picture.ts';
import type { SentError } from './sent_error.ts';

/** The messages between the page and a trainer's worker. They have their own port, so the worker may also receive other messages. */

/** The first message to a worker, with the port. The worker holds a lock with this name for as long as it lives. */
export interface Opening {
  wgrad: 'serve';
  lock: string;
}

/** Properties of a trainer that the page reads synchronously: every result includes their current values. */
export interface TrainerFacts {
  classNames: string[];
  pictures: PicturePreparation;
  memory: { buffers: number; bytes: number };
  startup: Startup;
  adapter: AdapterFacts;
}

/** A new trainer: its number in the worker, and its constant properties. */
export interface MadeTrainer {
  trainer: number;
  model: CompiledModel;
  batchSize: number;
  summary: LayerSummary[];
  facts: TrainerFacts;
}

/** The callbacks of `fit`. Training waits for the return value of `onCheckpoint` only. */
export const fitCallbacks = [
  'onStep',
  'onEpoch',
  'onVerdict',
  'onRunVerdict',
  'onWarning',
  'onPause',
  'onProbe',
  'onCheckpoint',
] as const satisfies readonly (keyof FitOptions)[];
export type FitCallback = (typeof fitCallbacks)[number];

/** The options of `fit` that are sent to the worker. Callbacks, signal and pace cannot be cloned, so they stay in the page. */
export interface SentFitOptions {
  data: Omit<FitOptions, FitCallback | 'signal' | 'pace'>;
  callbacks: FitCallback[];
  /** Number of steps that may run, if there is a pace. */
  allowed?: number;
  aborted: boolean;
}

export type PaceChange = { steps: number } | 'pause' | 'resume';

export type ToWorker =
  | { kind: 'call'; call: number; trainer: number; method: string; args: unknown[] }
  | { kind: 'abort'; call: number }
  | { kind: 'pace'; call: number; change: PaceChange }
  | { kind: 'answer'; question: number; error?: SentError }
  | { kind: 'dispose'; trainer: number }
  | { kind: 'close' };

export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'result'; call: number; value: unknown; facts?: TrainerFacts }
  | { kind: 'error'; call: number; error: SentError; facts?: TrainerFacts }
  | { kind: 'events'; call: number; events: [FitCallback, unknown[]][] }
  | { kind: 'question'; call: number; question: number; args: unknown[] }
  | { kind: 'taken'; call: number; steps: number };

/** The buffers of a value that nothing else uses, to be transferred instead of copied. */
export function buffersOf(value: unknown, found = new Set<ArrayBuffer>()): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  } else if (Array.isArray(value)) {
    for (const one of value) buffersOf(one, found);
  } else if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    for (const one of Object.values(value)) buffersOf(one, found);
  }
  return [...found];
}
