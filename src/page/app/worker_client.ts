import { type Remote, wrap } from 'comlink';
import type { ErrorParts } from '../../errors.ts';
import type { TrainingWorker } from '../worker.ts';

/** The page's proxy of the worker: every method of worker.ts as a promise. Set when main.tsx has started the worker. */
export let training: Remote<TrainingWorker>;

/** The error that ended the worker's thread. */
let failure: ErrorParts | undefined;
/** Rejects the pending calls. */
const waiting = new Set<(failure: ErrorParts) => void>();

type Method = (...args: unknown[]) => Promise<unknown>;

export function connectWorker(thread: Worker): void {
  const remote = wrap<TrainingWorker>(thread);
  training = new Proxy(remote, {
    get: (_, name) => callOf(Reflect.get(remote, name) as Method),
  });
}

/** If the thread has failed, no answer will come, so every call is rejected with the thread's error. */
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

/** Rejects all pending and future calls after the thread has failed. */
export function threadFailed(why: ErrorParts): void {
  failure = why;
  for (const reject of waiting) reject(why);
  waiting.clear();
}
