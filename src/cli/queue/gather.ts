import { hostname } from 'node:os';
import { WgradError } from '../../errors.ts';
import { count, counted } from '../../figures.ts';
import { hashOf } from '../hash_of.ts';
import { version } from '../package_facts.ts';
import { trialImages } from '../sweep/datasets.ts';
import { ChromeTrainer } from './chrome_trainer.ts';
import { beginWork, Coordinator } from './coordinator.ts';
import { datasetBelow } from './dataset_below.ts';
import type { OwnPart } from './own_part.ts';
import type { QueueStore } from './queue_store.ts';
import type { SharedOrder } from './shared_order.ts';
import { taskIdOf } from './tasks.ts';
import { defaultAttempts, defaultTakeover, type TaskResult, type Work, type WorkType } from './work.ts';
import { hostOf, statesOf } from './worker.ts';
import type { WorkingOptions } from './working_options.ts';

export interface Gathering<Record> {
  store: QueueStore;
  type: Exclude<WorkType, 'sweep'>;
  /** Display name. */
  name: string;
  /** The kind of adapter, which is the same for all records of a comparison. */
  kind: string;
  /** The orders of the whole comparison, done or not: its identity in the queue depends on all of them. */
  orders: readonly object[];
  /** Those of them whose records are missing here. */
  missing: readonly object[];
  options: WorkingOptions;
  /** Called with each record once, as soon as it is complete. */
  take: (record: Record, seconds: number) => void;
  /** What this process does, which the caller may stop. */
  part: OwnPart;
}

const nouns = { comparison: 'pair', cures: 'run' } as const;

/**
 * Trains pairs or runs through a queue: in this process, and in all workers with the same kind of adapter. Results that the queue
 * already has are not trained again, except failed ones.
 *
 * @throws WgradError if some of them failed, when the others have ended.
 */
export async function gather<Record>({
  store,
  type,
  name,
  kind,
  orders,
  missing,
  options,
  take,
  part,
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
  const open = new Map(missing.map((order) => [taskIdOf(order), { work: id, id: taskIdOf(order), order }]));
  const failed: TaskResult[] = [];
  const head = { name };
  await beginWork(store, work, head, true);
  await store.retryFailed(id);
  const source = {
    open: () => [...open.values()],
    add: (result: TaskResult) => {
      const task = open.get(result.id);
      if (!task) return;
      open.delete(result.id);
      if (result.status === 'done') take(result.record as Record, result.seconds);
      else {
        failed.push(result);
        console.log(`failed   ${nouns[type]} of seed ${(task.order as SharedOrder).seed}: ${result.error}`);
      }
    },
  };
  const queueLimit = 60_000 * options.queueTimeout;
  const coordinator = new Coordinator(store, work, head, source, {
    ...{ queueLimit, states: statesOf(store, options), print: console.log },
  });
  const read = trialImages(options, (dataset) => datasetBelow(options.data, dataset));
  await part.run(coordinator, async (chromes) => {
    const trainer = new ChromeTrainer(options, read);
    chromes.push(trainer);
    await trainer.start(type);
    return hostOf(store, [trainer], options, {
      ...{ name: `${hostname()}-${process.pid}-${type}`, only: id },
      ...{ report: () => undefined, warn: console.log },
    });
  });
  if (failed.length === 0) return;
  throw new WgradError({
    what: `${count(failed.length)} of ${counted(missing.length, nouns[type])} failed`,
    found: [...new Set(failed.map(({ error }) => error))].join('; '),
    fix: `${failed.length === 1 ? 'it is' : 'they are'} trained again when the command is repeated`,
  });
}
