/**
 * wgrad/worker: a trainer in a worker of its own, so that the page stays free whatever the GPU does.
 *
 * @module
 */
export { serveTrainer } from './serve_trainer.ts';
export { type InWorker, trainInWorker } from './train_in_worker.ts';
export type { WorkerTrainer } from './worker_trainer.ts';
