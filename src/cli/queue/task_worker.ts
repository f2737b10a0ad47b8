import type { Processor, RedisConnection, Worker, WorkerOptions } from 'bullmq';
import { withinTime } from '../../time_limit.ts';
import type { BullMq } from './bullmq.ts';

/** Time limit in milliseconds for BullMQ to close; then its connections are cut. */
const closingLimit = 5_000;

type Retry = (call: () => Promise<unknown>, how: object) => Promise<unknown>;

/** The parts of a BullMQ worker that its public API cannot close. */
interface Insides {
  connection: RedisConnection;
  blockingConnection: RedisConnection;
  lockManager: { close(): Promise<void> };
  retryIfFailed: Retry;
}

/**
 * A BullMQ worker that can end while Redis is gone.
 *
 * @returns also `end`, which closes it within a time limit. Its argument is the result of the worker's `close`, which may wait for
 *   Redis forever.
 */
export function taskWorkerOf(
  bull: BullMq,
  name: string,
  process: Processor,
  options: WorkerOptions,
): { worker: Worker; end: (closing: Promise<void>) => Promise<void> } {
  const worker = new bull.Worker(name, process, { ...options, autorun: false });
  const insides = worker as unknown as Insides;
  let isCut = false;
  // BullMQ repeats a failed call forever, and without a pause once it is closing: a cut connection would keep the processor busy.
  const retry = insides.retryIfFailed.bind(worker);
  insides.retryIfFailed = (call, how) => retry(() => (isCut ? new Promise(() => {}) : call()), how);
  const end = async (closing: Promise<void>) => {
    try {
      await withinTime(closing, closingLimit, () => new Error('no answer'));
    } catch {
      // A second `close` would only wait for the first one.
      isCut = true;
      await insides.lockManager.close();
      for (const each of [insides.blockingConnection, insides.connection])
        each.disconnect(false).catch(() => undefined);
    }
  };
  worker.on('error', () => undefined); // mostly connection errors, which the signs detect
  worker.run().catch(() => undefined);
  return { worker, end };
}
