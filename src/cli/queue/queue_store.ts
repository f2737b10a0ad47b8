import { gunzipSync, gzipSync } from 'node:zlib';
import type { Queue } from 'bullmq';
import type { QueueAddress } from './queue_address.ts';
import { answerLimit, openConnection, QueueConnection } from './queue_connection.ts';
import {
  parseResult,
  parseSign,
  parseWork,
  readable,
  type Task,
  type TaskResult,
  type Work,
  type WorkerSign,
} from './work.ts';

/** How long results, logs and states are kept for later requests. */
export const keptSeconds = 30 * 86_400;
/** A worker that has not reported for this long is considered gone. */
const signSeconds = 30;
const logLines = 2_000;
const prefix = 'wgrad';
/** What a work has for its whole life, and for a month after it has ended. */
const keptNames = ['head', 'results', 'once', 'twice'] as const;
/** Only the first result of a task counts. The script is atomic, because a worker may be interrupted at any time. */
const addOnce = `
if redis.call('SADD', KEYS[1], ARGV[1]) == 1 then
  redis.call('RPUSH', KEYS[2], ARGV[2])
  return 1
end
redis.call('INCR', KEYS[3])
return 0`;

/** The queue's data in addition to BullMQ's jobs: works, results, states, logs, and the list of workers. */
export class QueueStore extends QueueConnection {
  private readonly queues = new Map<string, Queue>();

  /**
   * @throws ConfigurationError if Redis rejects the password.
   * @throws QueueLostError if it is unreachable.
   */
  static async open(address: QueueAddress): Promise<QueueStore> {
    return new QueueStore(await openConnection(address));
  }

  get prefix(): string {
    return prefix;
  }

  /** The jobs of a work. */
  queueOf(work: string): Queue {
    let queue = this.queues.get(work);
    if (!queue) {
      const { connecting: connection } = this;
      // Its events are not used, because results and signs contain everything that is shown.
      queue = new this.bull.Queue(queueName(work), { connection, prefix, streams: { events: { maxLen: 10 } } });
      queue.on('error', () => undefined); // each call reports its own errors
      this.queues.set(work, queue);
    }
    return queue;
  }

  /** Closes the connections to the jobs of works that are not in a list, because a worker keeps encountering new ones. */
  release(works: readonly Pick<Work, 'id'>[]): void {
    for (const [id, queue] of this.queues) {
      if (works.some((work) => work.id === id)) continue;
      this.queues.delete(id);
      closeWhenReady(queue).catch(() => undefined);
    }
  }

  private key = (work: string, name: string): string => `${prefix}:of:${work}:${name}`;

  /**
   * Adds a work, or continues one that has ended, whose results then no longer expire.
   *
   * @param head everything in a report besides the results.
   */
  async putWork(work: Work, head: unknown): Promise<void> {
    await this.call('SET', this.key(work.id, 'head'), gzipSync(JSON.stringify(head)));
    for (const name of keptNames) await this.call('PERSIST', this.key(work.id, name));
    await this.call('HSET', `${prefix}:works`, work.id, JSON.stringify(work));
  }

  /** Removes ended works from the list whose results have expired, so that the list does not grow forever. @returns these works. */
  async forgetExpired(): Promise<Work[]> {
    const forgotten: Work[] = [];
    for (const work of await this.works()) {
      if (work.state === 'open' || (await this.call('EXISTS', this.key(work.id, 'head'))) === 1) continue;
      await this.call('HDEL', `${prefix}:works`, work.id);
      forgotten.push(work);
    }
    return forgotten;
  }

  async works(): Promise<Work[]> {
    const entries = (await this.call('HVALS', `${prefix}:works`)) as string[];
    // A later version may have written another format.
    const works = entries.map((text) => readable(text, fromJson(parseWork))).filter((work) => work !== undefined);
    return works.sort((a, b) => a.begun - b.begun);
  }

  async work(id: string): Promise<Work | undefined> {
    const text = (await this.call('HGET', `${prefix}:works`, id)) as string | null;
    return text === null ? undefined : parseWork(JSON.parse(text));
  }

  async head<Head>(id: string): Promise<Head | undefined> {
    const bytes = (await this.callBuffer('GET', this.key(id, 'head'))) as Buffer | null;
    return bytes ? (JSON.parse(gunzipSync(bytes).toString()) as Head) : undefined;
  }

  /**
   * Ends a work: its jobs are removed, its results are kept for a month. A canceled one also keeps the states of its unfinished tasks,
   * because it may be continued.
   */
  async end(work: Work, state: 'finished' | 'canceled'): Promise<void> {
    await this.call('HSET', `${prefix}:works`, work.id, JSON.stringify({ ...work, state }));
    for (const name of keptNames) await this.call('EXPIRE', this.key(work.id, name), keptSeconds);
    if (state === 'finished') await this.dropStates(work.id);
    await this.within(this.queueOf(work.id).obliterate({ force: true }), 6 * answerLimit).catch(() => undefined);
  }

  /** @returns whether it is the first result with its key. */
  async addResult(work: string, key: string, result: TaskResult): Promise<boolean> {
    const keys = ['once', 'results', 'twice'].map((name) => this.key(work, name));
    return (await this.call('EVAL', addOnce, keys.length, ...keys, key, JSON.stringify(result))) === 1;
  }

  /**
   * Removes the failed results of a work, and their jobs, so that these tasks are trained again.
   *
   * @returns their number.
   */
  async retryFailed(work: string): Promise<number> {
    const key = this.key(work, 'results');
    const texts = (await this.call('LRANGE', key, 0, -1)) as string[];
    const failed = texts.filter((text) => readable(text, fromJson(parseResult))?.status === 'failed');
    if (failed.length === 0) return 0;
    const ids = new Set(failed.map((text) => parseResult(JSON.parse(text)).id));
    // A failure may have been recorded for a kind of adapter, or for none.
    const once = (await this.call('SMEMBERS', this.key(work, 'once'))) as string[];
    const marks = once.filter((mark) => ids.has(mark.split(' ')[0]!));
    if (marks.length > 0) await this.call('SREM', this.key(work, 'once'), ...marks);
    for (const text of failed) await this.call('LREM', key, 1, text);
    // BullMQ ignores a new job with the id of one that it still has.
    await this.within(this.queueOf(work).clean(0, 0, 'failed'));
    return failed.length;
  }

  async hasResult(work: string, key: string): Promise<boolean> {
    return (await this.call('SISMEMBER', this.key(work, 'once'), key)) === 1;
  }

  /** Results in the order of their arrival. */
  async results(work: string): Promise<TaskResult[]> {
    return (await this.resultsFrom(work, 0)).filter((result) => result !== undefined);
  }

  /** The same, starting at an index; undefined for an entry that is not a result. */
  async resultsFrom(work: string, from: number): Promise<(TaskResult | undefined)[]> {
    const texts = (await this.call('LRANGE', this.key(work, 'results'), from, -1)) as string[];
    return texts.map((text) => readable(text, fromJson(parseResult)));
  }

  async resultCount(work: string): Promise<number> {
    return (await this.call('LLEN', this.key(work, 'results'))) as number;
  }

  /** Number of results that arrived a second time and were ignored. */
  async repeated(work: string): Promise<number> {
    return Number((await this.call('GET', this.key(work, 'twice'))) ?? 0);
  }

  async putState(work: string, name: string, state: Uint8Array): Promise<void> {
    await this.call('SET', this.key(work, `state:${name}`), Buffer.from(state), 'EX', keptSeconds);
  }

  async state(work: string, name: string): Promise<Uint8Array | undefined> {
    const bytes = await this.callBuffer('GET', this.key(work, `state:${name}`));
    return (bytes as Buffer | null) ?? undefined;
  }

  async dropState(work: string, name: string): Promise<void> {
    await this.call('DEL', this.key(work, `state:${name}`));
  }

  /** Removes the states that are left of a sweep or comparison: of halted trials, and of tasks that two workers have trained. */
  private async dropStates(work: string): Promise<void> {
    let cursor = '0';
    do {
      const pattern = this.key(work, 'state:*');
      const [next, keys] = (await this.call('SCAN', cursor, 'MATCH', pattern, 'COUNT', 1000)) as [string, string[]];
      if (keys.length > 0) await this.call('UNLINK', ...keys);
      cursor = next;
    } while (cursor !== '0');
  }

  async log(work: string, id: string, lines: readonly string[]): Promise<void> {
    const key = this.key(work, `log:${id}`);
    await this.call('RPUSH', key, ...lines);
    await this.call('LTRIM', key, -logLines, -1);
    await this.call('EXPIRE', key, keptSeconds);
  }

  async logOf(work: string, id: string): Promise<string[]> {
    return (await this.call('LRANGE', this.key(work, `log:${id}`), 0, -1)) as string[];
  }

  /** Redis expires signs itself, because the clocks of machines differ. */
  async sign(sign: WorkerSign): Promise<void> {
    await this.call('SET', `${prefix}:worker:${sign.name}`, JSON.stringify(sign), 'EX', signSeconds);
    await this.call('SADD', `${prefix}:workers`, sign.name);
  }

  async signOff(name: string): Promise<void> {
    await this.call('DEL', `${prefix}:worker:${name}`);
    await this.call('SREM', `${prefix}:workers`, name);
  }

  async workers(): Promise<WorkerSign[]> {
    const names = (await this.call('SMEMBERS', `${prefix}:workers`)) as string[];
    if (names.length === 0) return [];
    const texts = (await this.call('MGET', ...names.map((name) => `${prefix}:worker:${name}`))) as (string | null)[];
    const gone = names.filter((_, i) => texts[i] === null);
    if (gone.length > 0) await this.call('SREM', `${prefix}:workers`, ...gone);
    const present = texts.filter((text) => text !== null);
    const signs = present.map((text) => readable(text, fromJson(parseSign))).filter((sign) => sign !== undefined);
    return signs.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Adds tasks, which workers take in this order, except that smaller priority numbers come first. */
  async addTasks(work: Work, tasks: readonly (Task & { priority?: number })[]): Promise<void> {
    const jobs = tasks.map(({ priority, ...task }) => ({
      name: 'task',
      data: task,
      opts: {
        jobId: jobIdOf(task),
        attempts: work.attempts,
        backoff: { type: 'fixed', delay: 1000 },
        removeOnComplete: true,
        ...(priority !== undefined && { priority }),
      },
    }));
    const chunk = 500;
    for (let at = 0; at < jobs.length; at += chunk) {
      await this.within(this.queueOf(work.id).addBulk(jobs.slice(at, at + chunk)));
    }
  }

  async close(): Promise<void> {
    const closing = [this.closeConnection(), ...[...this.queues.values()].map(closeWhenReady)];
    await this.within(Promise.allSettled(closing), 2_000).catch(() => undefined);
    await this.closeConnection(true).catch(() => undefined);
    // A connection that is being reconnected never reports that it has ended.
    const cut = Promise.allSettled([...this.queues.values()].map((queue) => queue.disconnect()));
    await this.within(cut, 2_000).catch(() => undefined);
  }
}

/** BullMQ emits an error without a listener, which ends the process, if a connection is closed that is still being made. */
async function closeWhenReady(queue: Queue): Promise<void> {
  await queue.waitUntilReady();
  await queue.close();
}

const fromJson =
  <T>(parse: (json: unknown) => T) =>
  (text: string): T =>
    parse(JSON.parse(text));

export const queueName = (work: string): string => `work-${work}`;

/** BullMQ does not accept an integer as an id. */
const jobIdOf = ({ id, until }: Task): string => `task-${id}-${until ?? 'end'}`;
