import { type Remote, wrap } from 'comlink';
import type { ErrorParts } from '../../errors.ts';
import type { TrainingWorker } from '../worker.ts';

/** The worker as the page talks to it: every method of worker.ts, as a promise. There once main.tsx has started it. */
export let training: Remote<TrainingWorker>;

/** Why its thread answers nothing any more. */
let failure: ErrorParts | undefined;
/** Those that wait for an answer. */
const waiting = new Set<(failure: ErrorParts) => void>();

type Method = (...args: unknown[]) => Promise<unknown>;

export function connectWorker(thread: Worker): void {
  const remote = wrap<TrainingWorker>(thread);
  training = new Proxy(remote, {
    get: (_, name) => callOf(Reflect.get(remote, name) as Method),
  });
}

/** A thread that has failed would leave everybody waiting: whoever asks it gets its failure. */
const callOf =
  (method: Method): Method =>
  (...args) =>
    new Promise((resolve, reject) => {
      if (failure) return reject(failure);
      waiting.add(reject);
      method(...args)
        .then(resolve, reject)
        .finally(() => waiting.delete(reject));
    });

/** The thread has failed: what was asked of it, and all that will be, is rejected. */
export function threadFailed(why: ErrorParts): void {
  failure = why;
  for (const reject of waiting) reject(why);
  waiting.clear();
}
