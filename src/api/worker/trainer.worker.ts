import { serveTrainer } from './serve_trainer.ts';

// The script of the worker that `trainInWorker` starts.
serveTrainer();
