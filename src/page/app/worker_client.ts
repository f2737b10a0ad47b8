import { type Remote, wrap } from 'comlink';
import type { TrainingWorker } from '../worker.ts';

/** The worker as the page talks to it: every method of worker.ts, as a promise. There once main.tsx has started it. */
export let training: Remote<TrainingWorker>;

export function connectWorker(thread: Worker): void {
  training = wrap<TrainingWorker>(thread);
}
