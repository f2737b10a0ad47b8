import { hostname } from 'node:os';
import { WgradError } from '../../errors.ts';
import { hashOf } from '../hash_of.ts';
import { version } from '../package_facts.ts';
import { trialImages } from '../sweep/datasets.ts';
import { ChromeTrainer } from './chrome_trainer.ts';
import { beginWork, Coordinator } from './coordinator.ts';
import { datasetBelow } from './dataset_below.ts';
import type { QueueStore } from './queue_store.ts';
import { taskIdOf } from './tasks.ts';
import { defaultAttempts, defaultTakeover, type TaskResult, type Work, type WorkType } from './work.ts';
import { hostOf } from './worker.ts';
import type { WorkingOptions } from './working_options.ts';

export interface Gathering<Record> {
  store: QueueStore;
  type: Exclude<WorkType, 'sweep'>;
  /** Display name. */
  name: string;
  /** The kind of adapter, which is the same for all records of a comparison. */
  kind: string;
  orders: readonly object[];
  options: WorkingOptions;
  /** Called with each record once, as soon as it is complete. */
  take: (record: Record, seconds: number) => void;
  /** Receives a function that stops the work early. */
  stopper: (stop: () => void) => void;
}

/**
 * Trains pairs or runs through a queue: in this process, and in all workers with the same kind of adapter. Results that the queue
 * already has are not trained again.
 *
 * @throws WgradError if one of them failed.
 */
export async function gather<Record>({
  store,
  type,
  name,
  kind,
  orders,
  options,
  take,
  stopper,
}: Gathering<Record>): Promise<void> {
  const id = hashOf([type, kind, version, orders]);
  const work: Work = {
    ...{
      format: 1,
      id,
      type,
      name,
      version,
      kind,
      total: orders.length,
      attempts: defaultAttempts,
      takeover: defaultTakeover,
    },
    ...{ begun: Date.now(), state: 'open' },
  };
  const missing = new Map(orders.map((order) => [taskIdOf(order), { work: id, id: taskIdOf(order), order }]));
  let failed: TaskResult | undefined;
  const head = { name };
  await beginWork(store, work, head, true);
  const source = {
    open: () => (failed ? [] : [...missing.values()]),
    add: (result: TaskResult) => {
      if (!missing.delete(result.id)) return;
      if (result.status === 'done') take(result.record as Record, result.seconds);
      else failed ??= result;
    },
  };
  const queueLimit = 60_000 * options.queueTimeout;
  const coordinator = new Coordinator(store, work, head, source, { queueLimit, print: console.log });
  const read = trialImages(options, (dataset) => datasetBelow(options.data, dataset));
  const trainer = new ChromeTrainer(options, read);
  try {
    await trainer.start(type);
    const host = hostOf(store, [trainer], options, {
      ...{ name: `${hostname()}-${process.pid}-${type}`, only: id },
      report: (line) => /^(refused|state) /.test(line) && console.log(line),
    });
    stopper(() => {
      coordinator.stop();
      host.stop();
    });
    const ends = await Promise.allSettled([
      coordinator.run().finally(() => host.stop()),
      host.run().catch((error) => {
        coordinator.stop();
        throw error;
      }),
    ]);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  } finally {
    await trainer.close();
  }
  if (failed) throw new WgradError({ what: `A part of the ${type} failed`, found: failed.error });
}
