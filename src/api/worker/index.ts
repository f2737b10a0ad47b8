/**
 * wgrad/worker runs a trainer in a dedicated worker, so that the page stays responsive while the GPU is busy.
 *
 * @module
 */
export { serveTrainer } from './serve_trainer.ts';
export { type InWorker, trainInWorker } from './train_in_worker.ts';
export type { WorkerTrainer } from './worker_trainer.ts';
