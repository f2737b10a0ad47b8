import { wrap } from 'comlink';
import type { TrainingWorker } from '../worker.ts';

export const thread = new Worker(new URL('../worker.ts', import.meta.url), {
  type: 'module',
  name: 'training',
});

/** The worker as the page talks to it: every method of worker.ts, as a promise. */
export const training = wrap<TrainingWorker>(thread);
