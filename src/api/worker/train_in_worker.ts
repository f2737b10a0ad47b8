import { ConfigurationError } from '../../errors.ts';
import type { GpuOptions } from '../../gpu/device.ts';
import { browserTimeout } from '../../time_limit.ts';
import type { TrainerOptions } from '../../train/trainer_options.ts';
import type { ModelSource } from '../load_trainer.ts';
import { Connection } from './connection.ts';
import { ownWorker } from './own_worker.ts';
import type { MadeTrainer } from './protocol.ts';
import { RemoteTrainer, type WorkerTrainer } from './worker_trainer.ts';

/** Options of `trainInWorker`. */
export interface InWorker {
  /** Options of `openGpu` for the worker's device; the defaults of `openGpu` if omitted. */
  gpu?: Omit<GpuOptions, 'gpu'>;
  /** A saved model to start from, as for `loadTrainer`; the trainer's options then replace the saved ones. */
  from?: ModelSource;
  /**
   * A worker that calls `serveTrainer()`, for bundlers that do not bundle the package's worker. It keeps running after the trainer is
   * disposed. By default, a worker is started for this trainer and its clones and terminated with the last of them.
   */
  worker?: Worker;
  /** Milliseconds within which the worker's script must load and start; 30,000 by default, Infinity for no limit. */
  timeout?: number;
}

/**
 * Creates a trainer in a worker, on a GPU device that the worker opens, so that the page stays responsive. It corresponds to
 * `createTrainer` or, with `from`, to `loadTrainer`. The trainer has the methods of `Trainer`, whose results are bit-identical to those
 * without a worker.
 *
 * If the worker ends for any reason, pending calls are rejected with a DeviceLostError.
 *
 * @example
 * const trainer = await trainInWorker({ model });
 * await trainer.fit(dataset, { epochs: 5, onEpoch: ({ epoch, loss }) => console.log(epoch, loss) });
 * const [best] = await trainer.predict(canvas, { top: 1 });
 *
 * @throws ConfigurationError for options that createTrainer rejects; SetupError if the worker does not start or has no WebGPU.
 */
export async function trainInWorker(
  options: Partial<TrainerOptions>,
  how: InWorker & { from: ModelSource },
): Promise<WorkerTrainer>;
export async function trainInWorker(options: TrainerOptions, how?: InWorker): Promise<WorkerTrainer>;
export async function trainInWorker(
  options: Partial<TrainerOptions>,
  { gpu = {}, from, worker, timeout = browserTimeout }: InWorker = {},
): Promise<WorkerTrainer> {
  if (typeof Worker === 'undefined') {
    throw new ConfigurationError({
      what: 'Workers are not available here',
      fix: 'call it in a page, or create a trainer with createTrainer',
    });
  }
  const connection = await Connection.open(worker ?? ownWorker(), worker === undefined, timeout);
  try {
    const made = (await connection.call(0, 'create', [options, gpu, sendableSource(from)]).result) as MadeTrainer;
    return new RemoteTrainer(connection, options as TrainerOptions, made, new Set());
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** A URL object cannot be sent, and the worker would resolve a relative URL against its own script. */
function sendableSource(from: ModelSource | undefined): unknown {
  if (from instanceof URL) return from.href;
  if (typeof from !== 'string' || from.startsWith('indexeddb://')) return from;
  return new URL(from, globalThis.location?.href).href;
}
