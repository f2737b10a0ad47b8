import { setTimeout as delay } from 'node:timers/promises';
import type { Job, Worker } from 'bullmq';
import { ConfigurationError, SetupError } from '../../errors.ts';
import { WritingPace } from '../writing_pace.ts';
import { type QueueStore, queueName } from './queue_store.ts';
import { QueueWatch } from './queue_watch.ts';
import type { TaskStates } from './task_states.ts';
import { taskWorkerOf } from './task_worker.ts';
import { failedResult, type TaskHooks, type TaskTrainer, UnfitError } from './tasks.ts';
import type { Kept, Undelivered } from './undelivered.ts';
import { anyKind, parseTask, type Refusal, resultKey, type Task, type TaskResult, type Work } from './work.ts';

/** Milliseconds between two checks for works, and between two signs of a worker. */
const lookEvery = 1_000;
const signEvery = 2_000;

export interface HostOptions {
  name: string;
  version: string;
  /** Milliseconds without a task after which it ends; undefined for never. */
  idle?: number;
  /** Milliseconds without a queue after which it gives up. */
  queueLimit: number;
  /** Prints what a coordinator in the same process prints as well: results, and whether the queue answers. */
  report: (line: string) => void;
  /** Prints what only this host knows: which works it refuses, and which states it cannot keep. */
  warn: (line: string) => void;
  /** The only work whose tasks it takes; undefined for all works. */
  only?: string;
}

interface Running {
  work: string;
  id: string;
  share: number;
  line: string;
}

/** Takes tasks from the queue, one at a time for each of its trainers, and delivers their results. */
export class WorkerHost {
  private readonly running = new Set<Running>();
  private readonly free: TaskTrainer[];
  private readonly refuses = new Map<string, Refusal>();
  private readonly watch: QueueWatch;
  private lastBusy = performance.now();
  private stopping = false;
  private failure: unknown;
  /** Number of results that it has delivered. */
  delivered = 0;

  constructor(
    private readonly store: QueueStore,
    private readonly trainers: readonly TaskTrainer[],
    private readonly places: { states: TaskStates; undelivered: Undelivered },
    private readonly options: HostOptions,
  ) {
    this.free = [...trainers];
    this.watch = new QueueWatch(store, {
      ...{ limit: options.queueLimit, report: options.report, isStopping: () => this.stopping },
      meanwhile: 'What is under way is finished, and kept until it is back',
      giveUp: (error) => {
        this.failure ??= error;
        this.stop();
      },
    });
  }

  private get kind(): string {
    return this.trainers[0]!.kind;
  }

  /** Ends the running tasks; `run` resolves when they have been given back with their states. */
  stop(): void {
    this.stopping = true;
    for (const trainer of this.trainers) trainer.stop();
  }

  /**
   * Works until it is stopped, has been idle for too long, or its only work has ended.
   *
   * @throws QueueLostError if the queue is unavailable for too long, and any error that prevents a trainer from continuing.
   */
  async run(): Promise<void> {
    const signing = this.signRegularly().catch((error) => {
      this.failure ??= error;
      this.stop();
    });
    try {
      while (!this.stopping) {
        const next = await this.next();
        if (next) await this.attend(next);
        else if (this.isIdle() || (next === undefined && (await this.onlyHasEnded()))) break;
        else await delay(lookEvery);
      }
    } finally {
      this.stopping = true;
      await signing;
      await this.store.signOff(this.options.name).catch(() => undefined);
    }
    if (this.failure !== undefined) throw this.failure;
  }

  private isIdle(): boolean {
    const { idle } = this.options;
    return idle !== undefined && !this.watch.isLost && performance.now() - this.lastBusy > idle;
  }

  private async onlyHasEnded(): Promise<boolean> {
    const { only } = this.options;
    if (only === undefined) return false;
    const work = await this.watch.reached(() => this.store.work(only));
    return work !== undefined && work.state !== 'open';
  }

  /** The work whose tasks it takes next: the oldest that has waiting tasks. */
  private async next(): Promise<Work | undefined> {
    const { only } = this.options;
    const works = (await this.watch.reached(() => this.store.works())) ?? [];
    const open = works.filter((work) => work.state === 'open' && (only === undefined || work.id === only));
    this.forget(open);
    const fitting = open.filter((work) => this.isFit(work));
    for (const work of fitting) if (await this.hasWaiting(work)) return work;
    // A work without waiting tasks may need this worker to take over a running one.
    return fitting[0];
  }

  /** Releases what it holds for works that have ended, because a worker keeps encountering new ones. */
  private forget(open: readonly Work[]): void {
    if (this.watch.isLost) return;
    for (const id of this.refuses.keys()) if (!open.some((work) => work.id === id)) this.refuses.delete(id);
    // Within the command that begins a work, the coordinator uses the same connections until the end.
    if (this.options.only === undefined) this.store.release(open);
  }

  private async hasWaiting(work: Work): Promise<boolean> {
    const counts = await this.watch.reached(() =>
      this.store.within(this.store.queueOf(work.id).getJobCounts('waiting', 'prioritized', 'delayed')),
    );
    return counts !== undefined && Object.values(counts).some((n) => n > 0);
  }

  private isFit(work: Work): boolean {
    const { version } = this.options;
    if (work.version !== version) {
      this.refuse(
        work,
        `it needs wgrad ${work.version}, and this worker has ${version}: install wgrad@${work.version} here`,
      );
    } else if (work.kind !== anyKind && work.kind !== this.kind) {
      this.refuse(work, `it is for adapters of the kind "${work.kind}", and this one is "${this.kind}"`);
    }
    return !this.refuses.has(work.id);
  }

  private refuse(work: Work, why: string): void {
    if (this.refuses.has(work.id)) return;
    this.refuses.set(work.id, { work: work.id, name: work.name, why });
    this.options.warn(`refused  ${work.type} ${work.name}: ${why}`);
  }

  /** Takes tasks of a work until it ends, or until only another work has waiting ones. */
  private async attend(work: Work): Promise<void> {
    const { bull, connecting: connection, prefix } = this.store;
    const { worker, end } = taskWorkerOf(
      bull,
      queueName(work.id),
      (job, token): Promise<void> => this.process(worker, work, job, token!),
      {
        ...{ connection, prefix, name: this.options.name, concurrency: this.trainers.length },
        lockDuration: 1000 * work.takeover,
        stalledInterval: 500 * work.takeover,
        maxStalledCount: work.attempts - 1,
        drainDelay: 2,
      },
    );
    worker.on('failed', (job, error) => {
      if (job?.finishedOn !== undefined) void this.recordFailure(work, job, error).catch(() => undefined);
    });
    try {
      while (!this.stopping && !this.refuses.has(work.id)) {
        await delay(lookEvery);
        if (this.running.size > 0) this.lastBusy = performance.now();
        if (this.watch.isLost) continue;
        if (this.running.size === 0 && (await this.shouldLeave(work))) break;
      }
    } finally {
      // Waits for the running tasks, which end soon if the worker is stopping.
      const closing = worker.close();
      closing.catch(() => undefined);
      while (this.running.size > 0) await delay(50);
      await end(closing);
    }
  }

  private async shouldLeave(work: Work): Promise<boolean> {
    const now = await this.watch.reached(() => this.store.work(work.id));
    if (now && now.state !== 'open') return true;
    if (this.isIdle()) return true;
    const next = await this.next();
    return next !== undefined && next.id !== work.id;
  }

  private async signRegularly(): Promise<void> {
    const { name, version } = this.options;
    while (!this.stopping) {
      await this.watch.reached(async () => {
        await this.store.sign({
          ...{ name, version, kind: this.kind, adapter: this.trainers[0]!.adapter },
          refuses: [...this.refuses.values()],
          running: [...this.running],
        });
        await this.deliver();
      });
      for (let waited = 0; waited < signEvery && !this.stopping; waited += 100) await delay(100);
    }
  }

  /** Delivers a result, or keeps it on the disk until the queue is back. */
  private async deliverResult(kept: Kept): Promise<void> {
    const { work, key, result } = kept;
    const isDelivered = await this.watch.reached(async () => {
      await this.store.addResult(work, key, result);
      return true;
    });
    if (isDelivered) return;
    this.places.undelivered.keep(kept);
    await this.watch.patiently(() => this.deliver());
  }

  private async deliver(): Promise<void> {
    const { undelivered } = this.places;
    if (undelivered.names.length > 0) await undelivered.deliver(this.store, this.options.report);
  }

  private async process(worker: Worker, work: Work, job: Job, token: string): Promise<void> {
    const { states } = this.places;
    const task = this.taskOf(work, job);
    const key = resultKey(task, this.kind);
    const before = await this.watch.patiently(() =>
      Promise.all([this.store.hasResult(work.id, key), states.get(work.id, task.id, this.kind)]),
    );
    const [isKnown, from] = before?.value ?? [false, undefined];
    if (isKnown) return;
    const trainer = this.free.pop()!;
    const running: Running = { work: work.id, id: task.id, share: 0, line: '' };
    this.running.add(running);
    const log = new LogSender((lines) => this.store.log(work.id, task.id, lines));
    try {
      const hooks = this.hooksOf(work, task, running, log);
      const { result, state } = await trainer.train(work, task, { ...hooks, ...(from && { from }) });
      const isOpen = !result || result.status === 'waiting';
      if (isOpen && state) await this.watch.patiently(() => states.put(work.id, task.id, this.kind, state()));
      await log.flush();
      if (!result) await this.giveBack(worker, job, token);
      else {
        await this.deliverResult({ work: work.id, key, result });
        this.delivered++;
        const { status, seconds, error } = result;
        this.options.report(
          `${status.padEnd(8)} ${work.name} ${task.id}  |  ${seconds.toFixed(1)} s${error ? `  |  ${error}` : ''}`,
        );
        if (!isOpen && (from || hooks.hasState())) {
          await this.watch.reached(() => states.drop(work.id, task.id, this.kind));
        }
      }
    } catch (error) {
      await log.flush();
      if (error instanceof UnfitError) {
        this.refuse(work, `${error.parts.what}: ${String(error.parts.found)}`);
        await this.giveBack(worker, job, token);
      }
      if (error instanceof SetupError) {
        // Without a Chrome it would fail all tasks, one after the other.
        this.failure = error;
        this.stop();
      }
      if (this.stopping && !(error instanceof this.store.bull.WaitingError)) await this.giveBack(worker, job, token);
      throw error;
    } finally {
      this.running.delete(running);
      this.free.push(trainer);
      this.lastBusy = performance.now();
    }
  }

  private taskOf(work: Work, job: Job): Task {
    try {
      const task = parseTask(job.data);
      if (task.work === work.id) return task;
      throw new ConfigurationError({ what: 'The job is of another work', found: task.work, expected: work.id });
    } catch (error) {
      throw new this.store.bull.UnrecoverableError((error as Error).message);
    }
  }

  private hooksOf(work: Work, task: Task, running: Running, log: LogSender): TaskHooks & { hasState: () => boolean } {
    const pace = new WritingPace();
    let isWriting = false;
    let hasState = false;
    let isTold = false;
    const write = async (file: () => Uint8Array) => {
      const begun = performance.now();
      let isKept = true;
      try {
        isKept = await this.places.states.put(work.id, task.id, this.kind, file());
      } catch {
        // The next state is written instead.
      } finally {
        pace.took(performance.now() - begun);
        isWriting = false;
      }
      if (isKept || isTold) return;
      isTold = true;
      this.options.warn(
        `state    of ${task.id} is too large for the queue, so another worker would start over. Use --checkpoints <folder> to keep it`,
      );
    };
    return {
      hasState: () => hasState,
      keep: (file) => {
        if (isWriting || !pace.isDue || this.watch.isLost) return;
        isWriting = true;
        hasState = true;
        void write(file);
      },
      progress: (share) => {
        running.share = Math.min(1, share);
      },
      log: (lines) => {
        running.line = lines.at(-1) ?? running.line;
        log.add(lines);
      },
    };
  }

  /**
   * Returns a task to the queue, from which the next worker takes it. @throws the error that tells BullMQ that the task has not
   * failed.
   */
  private async giveBack(worker: Worker, job: Job, token: string): Promise<never> {
    // Otherwise it would take the task itself.
    await worker.pause(true);
    // Another worker may have taken it over.
    await this.watch.patiently(() => this.store.within(job.moveToWait(token))).catch(() => undefined);
    throw new this.store.bull.WaitingError();
  }

  /** A task that was started too often, or that no worker may train, also gets a result; a job that is not a task gets none. */
  private async recordFailure(work: Work, job: Job, { message }: Error): Promise<void> {
    const task = parseTask(job.data);
    const { kind, trainers } = this;
    const result: TaskResult = failedResult(task, { kind, adapter: trainers[0]!.adapter }, message);
    await this.watch.reached(() => this.store.addResult(work.id, resultKey(task, kind), result));
  }
}

/** Sends log lines about once a second; lines are lost while the queue is unavailable. */
class LogSender {
  private lines: string[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly send: (lines: readonly string[]) => Promise<void>) {}

  add(lines: readonly string[]): void {
    this.lines.push(...lines.filter((line) => line.trim() !== ''));
    this.timer ??= setTimeout(() => void this.flush(), lookEvery);
  }

  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { lines } = this;
    this.lines = [];
    if (lines.length > 0) await this.send(lines).catch(() => undefined);
  }
}
