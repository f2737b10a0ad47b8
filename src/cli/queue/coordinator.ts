import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from 'bullmq';
import { ConfigurationError } from '../../errors.ts';
import { counted } from '../../figures.ts';
import type { QueueLostError } from './queue_errors.ts';
import type { QueueStore } from './queue_store.ts';
import { QueueWatch } from './queue_watch.ts';
import type { TaskStates } from './task_states.ts';
import { failedResult } from './tasks.ts';
import {
  parseTask,
  type Refusal,
  readable,
  resultKey,
  type Task,
  type TaskResult,
  type Work,
  type WorkerSign,
} from './work.ts';

/** Milliseconds between two checks for results, for workers, and for tasks that the queue has lost. */
const lookEvery = 250;
const signsEvery = 2_000;
const lossesEvery = 5_000;

/** A source of tasks that receives their results. */
export interface TaskSource {
  /** All tasks that can be trained now, including those already in the queue. */
  open(): (Task & { priority?: number })[];
  /** Receives each result of a task once, and after a restart again those that it already had. */
  add(result: TaskResult, log: readonly string[]): void;
  /** Results derived from others since the last call: trials that asha has halted. */
  decided?(): TaskResult[];
  /** Shows the running tasks. */
  show?(running: readonly WorkerSign['running'][number][]): void;
}

/**
 * Adds a work to the queue, or continues the one that is there.
 *
 * @throws ConfigurationError if it has begun and should not be resumed.
 */
export async function beginWork(store: QueueStore, work: Work, head: unknown, resume: boolean): Promise<void> {
  const before = await store.work(work.id);
  const done = before ? (await store.results(work.id)).length : 0;
  if (before && done > 0 && !resume) {
    throw new ConfigurationError({
      what: `This ${work.type} is already in the queue`,
      found: `${store.address.shown}: ${counted(done, 'result')} of ${before.name}, which is ${before.state}`,
      fix: 'continue it with --resume',
    });
  }
  await store.forgetExpired();
  await store.putWork({ ...work, ...(before && { begun: before.begun }) }, head);
}

/** Distributes the tasks of a work, and collects their results. It trains nothing itself. */
export class Coordinator {
  private readonly queued = new Set<string>();
  private readonly decided: TaskResult[] = [];
  private readonly failedBefore = new Set<string>();
  private readonly shown = new Map<string, WorkerSign>();
  private readonly watch: QueueWatch;
  private place = 0;
  private lookedAtSigns = 0;
  private lookedForLosses = performance.now();
  private stopping = false;
  private failure: QueueLostError | undefined;

  constructor(
    private readonly store: QueueStore,
    private readonly work: Work,
    private readonly head: unknown,
    private readonly source: TaskSource,
    private readonly how: {
      queueLimit: number;
      states: Pick<TaskStates, 'drop' | 'dropAll'>;
      print: (line: string) => void;
    },
  ) {
    this.watch = new QueueWatch(store, {
      ...{ limit: how.queueLimit, report: how.print, isStopping: () => this.stopping },
      meanwhile: 'Workers finish their trials and deliver them when it is back',
      giveUp: (error) => {
        this.failure = error;
        this.stop();
      },
    });
  }

  stop(): void {
    this.stopping = true;
  }

  /** Adds the open tasks to the queue, so that workers elsewhere can train them before this process is ready. */
  async begin(): Promise<void> {
    await this.watch.reached(async () => {
      await this.gather();
      await this.hand(this.source.open());
    });
  }

  /**
   * Resolves when nothing is left to train, or when it is stopped: the workers then continue, and resuming the work collects their
   * results.
   *
   * @throws QueueLostError if the queue is unavailable for too long.
   */
  async run(): Promise<void> {
    // Whether the open tasks may not be in the queue yet.
    let isOwing = true;
    while (!this.stopping) {
      const hasMore = await this.watch.reached(() => this.gather());
      if (hasMore || (isOwing && hasMore !== undefined)) {
        isOwing = true;
        const open = this.source.open();
        await this.watch.patiently(() => this.putDecided());
        if (open.length === 0) break;
        if (await this.watch.reached(() => this.hand(open).then(() => true))) isOwing = false;
      }
      await this.watch.reached(() => this.lookAround());
      await delay(lookEvery);
    }
    if (this.failure) throw this.failure;
    if (this.stopping) return;
    this.how.states.dropAll(this.work.id);
    await this.watch.patiently(() => this.store.end(this.work, 'finished'));
  }

  /** Collects new results. @returns whether there were any. */
  private async gather(): Promise<boolean> {
    const results = await this.store.resultsFrom(this.work.id, this.place);
    for (const result of results) {
      const log = result && (await this.store.logOf(this.work.id, result.id));
      this.place++;
      if (result) this.source.add(result, log!);
    }
    return results.length > 0;
  }

  private async putDecided(): Promise<void> {
    this.decided.push(...(this.source.decided?.() ?? []));
    for (; this.decided.length > 0; this.decided.shift()) {
      const result = this.decided[0]!;
      await this.store.addResult(this.work.id, `${resultKey(result, result.kind)} ${result.status}`, result);
      await this.how.states.drop(this.work.id, result.id, result.kind);
    }
  }

  private async hand(tasks: readonly (Task & { priority?: number })[]): Promise<void> {
    const missing = tasks.filter((task) => !this.queued.has(keyOf(task)));
    if (missing.length === 0) return;
    await this.store.addTasks(this.work, missing);
    for (const task of missing) this.queued.add(keyOf(task));
  }

  private async lookAround(): Promise<void> {
    const now = performance.now();
    if (now - this.lookedAtSigns > signsEvery) {
      this.lookedAtSigns = now;
      this.announce(await this.store.workers());
    }
    if (now - this.lookedForLosses > lossesEvery) {
      this.lookedForLosses = now;
      await this.takeFailures();
      await this.restore();
      if ((await this.store.work(this.work.id))?.state === 'canceled') {
        this.how.print('canceled by another command: finished results are kept');
        this.stop();
      }
    }
  }

  private announce(workers: readonly WorkerSign[]): void {
    const { print } = this.how;
    for (const worker of workers) {
      const { name, version, adapter, kind, refuses } = worker;
      const before = this.shown.get(name);
      if (!before && version !== this.work.version) {
        print(
          `refused  worker ${name} has wgrad ${version} and gets no trials: install wgrad@${this.work.version} there`,
        );
      } else if (!before) print(`worker   ${name} is there: ${adapter} (${kind})`);
      const isNew = ({ work, why }: Refusal) =>
        work === this.work.id && !before?.refuses.some((known) => known.work === work && known.why === why);
      if (version === this.work.version) {
        for (const refusal of refuses.filter(isNew)) {
          print(`refused  by worker ${name}: ${refusal.name}: ${refusal.why}`);
        }
      }
      this.shown.set(name, worker);
    }
    for (const name of this.shown.keys()) {
      if (workers.some((worker) => worker.name === name)) continue;
      this.shown.delete(name);
      print(`gone     worker ${name}: others take over its trials`);
    }
    this.source.show?.(workers.flatMap(({ running }) => running.filter(({ work }) => work === this.work.id)));
  }

  /** Records tasks that BullMQ gave up because their worker was lost before it could report. */
  private async takeFailures(): Promise<void> {
    const queue = this.store.queueOf(this.work.id);
    const failed = (await this.store.within(queue.getFailed(0, 100))) as (Job | undefined)[];
    for (const job of failed) {
      if (!job) continue;
      const id = job.id!;
      if (this.failedBefore.has(id)) {
        const task = readable(job.data, parseTask);
        if (task) await this.recordFailure(task, job.failedReason);
        await this.store.within(job.remove());
      }
      this.failedBefore.add(id);
    }
  }

  private async recordFailure(task: Task, why: string): Promise<void> {
    const { id, kind } = this.work;
    const results = await this.store.results(id);
    if (results.some((result) => result.id === task.id && result.status === 'failed')) return;
    await this.store.addResult(id, resultKey(task, 'none'), failedResult(task, { kind, adapter: 'none' }, why));
  }

  /** If Redis has lost its data, the tasks are added again. */
  private async restore(): Promise<void> {
    const queue = this.store.queueOf(this.work.id);
    const counts = await this.store.within(
      queue.getJobCounts('waiting', 'prioritized', 'delayed', 'active', 'failed', 'paused'),
    );
    if (Object.values(counts).some((n) => n > 0)) return;
    const known = await this.store.resultCount(this.work.id);
    const open = this.source.open();
    if (known > this.place || open.length === 0) return;
    if (!(await this.store.work(this.work.id))) await this.store.putWork(this.work, this.head);
    // Results may have been removed to be trained again, so the list is read from its beginning.
    this.place = 0;
    this.queued.clear();
    await this.hand(open);
  }
}

const keyOf = ({ id, until }: Task) => `${id} ${until ?? ''}`;
