import { ConfigurationError, suggest } from '../../errors.ts';
import { count } from '../../figures.ts';
import type { TrialResult } from '../../report/sweep_file.ts';
import { type SweepReportOptions, writeReport } from '../sweep/report_commands.ts';
import { printSweep } from '../sweep/sweep.ts';
import { type SweepHead, sweepFileOf } from '../sweep/sweep_folder.ts';
import { fitted, table } from '../tables.ts';
import { nameOf } from './plan_name.ts';
import { queueAddress } from './queue_address.ts';
import { QueueStore } from './queue_store.ts';
import type { Work, WorkerSign } from './work.ts';

export interface QueueReportOptions extends SweepReportOptions {
  queue?: string | true;
}

/** Width of the table in characters. */
const boardWidth = 140;

async function withStore<T>({ queue }: QueueReportOptions, use: (store: QueueStore) => Promise<T>): Promise<T> {
  const store = await QueueStore.open(queueAddress(queue));
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** `wgrad sweep status --queue`: all works and workers, and the results of the named sweep, or of the only one. */
export const queueStatus = (plan: string | undefined, options: QueueReportOptions): Promise<void> =>
  withStore(options, async (store) => {
    const forgotten = await store.forgetExpired();
    const works = await store.works();
    const workers = await store.workers();
    console.log(`queue    ${store.address.shown}`);
    console.log(works.length > 0 ? await worksTable(store, works) : 'works    none');
    console.log(
      workers.length > 0 ? workersTable(works, workers) : 'workers  none: start some with wgrad worker --queue',
    );
    for (const { type, name, id } of forgotten) {
      console.log(`forgotten  ${type} ${name}, ${id}: its results are deleted a month after its end`);
    }
    const sweeps = works.filter(({ type }) => type === 'sweep');
    if (plan === undefined && sweeps.length !== 1) return;
    const work = plan === undefined ? sweeps[0]! : chosen(works, plan);
    if (work.type === 'sweep') printSweep(await sweepIn(store, work));
  });

/** `wgrad sweep report --queue` */
export const queueReport = (plan: string | undefined, options: QueueReportOptions): Promise<void> =>
  withStore(options, async (store) => {
    const sweeps = (await store.works()).filter(({ type }) => type === 'sweep');
    const work = chosen(sweeps, plan);
    const { out = `${work.name}.html`, csv, json } = options;
    writeReport(await sweepIn(store, work), store.address.shown, { out, csv, json });
  });

/** `wgrad sweep cancel --queue` */
export const cancelWork = (plan: string, options: QueueReportOptions): Promise<void> =>
  withStore(options, async (store) => {
    const work = chosen(await store.works(), plan);
    if (work.state === 'open') await store.end(work, 'canceled');
    console.log(`${work.state === 'open' ? 'canceled' : work.state.padEnd(8)} ${work.type} ${work.name}, ${work.id}`);
  });

/**
 * The work with the given name, id or plan; the newest of several with the same name.
 *
 * @throws ConfigurationError if there is none, or if there are several and none is named.
 */
function chosen(works: readonly Work[], plan: string | undefined): Work {
  const names = [...new Set(works.map(({ name }) => name))];
  if (works.length === 0) {
    throw new ConfigurationError({
      what: 'There is no sweep in the queue',
      found: plan ?? 'an empty queue',
      fix: 'start one with wgrad sweep <plan> --queue',
    });
  }
  if (plan === undefined && names.length === 1) return works.at(-1)!;
  const name = plan === undefined ? undefined : nameOf(plan);
  const found = works.findLast((work) => work.name === name || work.id === plan);
  if (found) return found;
  throw new ConfigurationError({
    what: plan === undefined ? 'The queue has several sweeps' : 'The queue has no sweep of this name',
    found: plan ?? names.join(', '),
    expected: `one of ${names.join(', ')}, or an id`,
    fix: name === undefined ? 'name one of them' : suggest(name, names),
  });
}

async function sweepIn(store: QueueStore, work: Work) {
  const head = await store.head<SweepHead>(work.id);
  if (!head) {
    throw new ConfigurationError({
      what: 'This sweep has been deleted from the queue',
      found: `${work.name}, ${work.id}: ${work.state}`,
      expected: 'a sweep of the last month',
    });
  }
  return sweepFileOf(head, (await store.results(work.id)) as TrialResult[]);
}

async function worksTable(store: QueueStore, works: readonly Work[]): Promise<string> {
  const rows = works.map(async ({ id, type, name, version, kind, state, total }) => {
    const facts = [name, type, id, version, kind, state, ...[total, await store.resultCount(id)].map(count)];
    // A work that has ended has no jobs, and querying them would connect to its queue and create it again.
    if (state !== 'open') return [...facts, '', ''];
    const jobs = store.queueOf(id).getJobCounts('waiting', 'prioritized', 'delayed', 'active');
    const { waiting = 0, prioritized = 0, delayed = 0, active = 0 } = await store.within(jobs);
    return [...facts, ...[waiting + prioritized + delayed, active].map(count)];
  });
  const head = ['work', 'type', 'id', 'wgrad', 'adapters', 'state', 'tasks', 'results', 'waiting', 'active'];
  return table(head, await Promise.all(rows), 6);
}

function workersTable(works: readonly Work[], workers: readonly WorkerSign[]): string {
  const nameIn = (id: string) => works.find((work) => work.id === id)?.name ?? id;
  const rows = workers.map(({ name, version, kind, refuses, running }) => [
    ...[name, version, kind],
    running.map(({ work, id, share }) => `${nameIn(work)} ${id} ${Math.round(100 * share)} %`).join(', ') || 'waits',
    // The last line that its training has printed has the newest figures.
    running.map(({ line }) => line).find(Boolean) ??
      refuses.map(({ name, why }) => `refused ${name}: ${why}`).join(', '),
  ]);
  const head = ['worker', 'wgrad', 'adapter', 'trains', 'says'];
  return table(head, fitted(head, rows, [3, 4], boardWidth), 5);
}
