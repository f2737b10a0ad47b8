import { gunzipSync, gzipSync } from 'node:zlib';
import type { Queue, RedisConnection } from 'bullmq';
import { ConfigurationError, giveName, WgradError } from '../../errors.ts';
import { secondsText, withinTime } from '../../time_limit.ts';
import { type BullMq, loadBullMq } from './bullmq.ts';
import type { QueueAddress } from './queue_address.ts';
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

/** Redis is unreachable, or does not answer in time. */
export class QueueLostError extends WgradError {
  static {
    giveName(QueueLostError, 'QueueLostError');
  }
}

/** Time limits in milliseconds: to connect, to answer, and between two attempts to reconnect. */
const openingLimit = 8_000;
const answerLimit = 10_000;
const longestPause = 2_000;
/** How long results, logs and states are kept for later requests. */
export const keptSeconds = 30 * 86_400;
/** A worker that has not reported for this long is considered gone. */
const signSeconds = 30;
const logLines = 2_000;
const prefix = 'wgrad';
/** What a work has for its whole life, and for a month after it has ended. */
const keptNames = ['head', 'results', 'once', 'twice'] as const;
const refused = /WRONGPASS|NOAUTH|NOPERM|invalid password|no password is set|AUTH failed/i;

/** Matches the errors of a certificate that is not accepted. */
const distrusted = /certificate|altnames|unable to verify/i;

/** Matches the errors of a Redis that is unreachable, or temporarily unable to write. */
const lossOf =
  /closed|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|max retries|timed? ?out|LOADING|MASTERDOWN|READONLY|MISCONF|OOM/i;

/** Only the first result of a task counts. The script is atomic, because a worker may be interrupted at any time. */
const addOnce = `
if redis.call('SADD', KEYS[1], ARGV[1]) == 1 then
  redis.call('RPUSH', KEYS[2], ARGV[2])
  return 1
end
redis.call('INCR', KEYS[3])
return 0`;

type Argument = string | number | Buffer;
interface Client {
  call(command: string, ...args: Argument[]): Promise<unknown>;
  callBuffer(command: string, ...args: Argument[]): Promise<unknown>;
}

/** The queue's data in addition to BullMQ's jobs: works, results, states, logs, and the list of workers. */
export class QueueStore {
  private readonly queues = new Map<string, Queue>();
  /** The connection's last error, because that of a call that was given up does not contain the reason. */
  private lastError = 'the connection was lost';
  /** Number of calls that Redis has answered so far. */
  answers = 0;

  private constructor(
    readonly bull: BullMq,
    private readonly connection: RedisConnection,
    private readonly client: Client,
    readonly address: QueueAddress,
  ) {}

  /**
   * @throws ConfigurationError if Redis rejects the password.
   * @throws QueueLostError if it is unreachable.
   */
  static async open(address: QueueAddress): Promise<QueueStore> {
    const bull = await loadBullMq();
    let isOpen = false;
    const begun = Date.now();
    const connection = new bull.RedisConnection(
      {
        ...address.options,
        ...timeLimits,
        maxRetriesPerRequest: 2,
        retryStrategy: (times) =>
          isOpen || Date.now() - begun < openingLimit ? Math.min(100 * times, longestPause) : null,
      },
      { blocking: false },
    );
    let last: Error | undefined;
    let store: QueueStore | undefined;
    const refusal = new Promise<never>((_, reject) => {
      connection.on('error', (error: Error) => {
        last = error;
        if (store) store.lastError = error.message;
        if (refused.test(error.message) || distrusted.test(error.message)) reject(error);
      });
    });
    try {
      const opening = Promise.race([connection.client, refusal]);
      refusal.catch(() => undefined);
      const client = await withinTime(opening, openingLimit, () => last ?? new Error('no answer'));
      isOpen = true;
      store = new QueueStore(bull, connection, client as unknown as Client, address);
      return store;
    } catch (error) {
      await connection.close(true).catch(() => undefined);
      connection.on('error', () => undefined); // closing removes listeners, and an error event without a listener ends the process
      throw openingError(address, last ?? (error as Error));
    }
  }

  /** BullMQ's connection options: it waits for Redis indefinitely, so callers set a limit. */
  get connecting() {
    const retryStrategy = (times: number) => Math.min(100 * times, longestPause);
    return { ...this.address.options, ...timeLimits, retryStrategy, maxRetriesPerRequest: null };
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

  /** Limits the time of a BullMQ call, which would wait for Redis indefinitely. */
  async within<T>(work: Promise<T>, milliseconds = answerLimit): Promise<T> {
    try {
      const value = await withinTime(work, milliseconds, () =>
        this.lost(`no answer within ${secondsText(milliseconds)}`),
      );
      this.answers++;
      return value;
    } catch (error) {
      if (error instanceof WgradError) throw error;
      const { message } = error as Error;
      if (lossOf.test(message)) throw this.lost(/max retries/.test(message) ? this.lastError : message);
      throw new WgradError(
        { what: 'The queue answers with an error', found: `${this.address.shown}: ${message}` },
        // The original error is not set as the cause, because it contains the command and all its data.
      );
    }
  }

  private lost(found: string): QueueLostError {
    return new QueueLostError({
      what: 'The queue does not answer',
      found: `${this.address.shown}: ${found}`,
      fix: 'restart Redis; finished results are kept',
    });
  }

  private call = (command: string, ...args: Argument[]): Promise<unknown> =>
    this.within(this.client.call(command, ...args));

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
    const bytes = (await this.within(this.client.callBuffer('GET', this.key(id, 'head')))) as Buffer | null;
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
    const bytes = await this.within(this.client.callBuffer('GET', this.key(work, `state:${name}`)));
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
    const closing = [this.connection.close(), ...[...this.queues.values()].map(closeWhenReady)];
    await this.within(Promise.allSettled(closing), 2_000).catch(() => undefined);
    await this.connection.close(true).catch(() => undefined);
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

const timeLimits = { connectTimeout: 5_000, socketTimeout: 20_000, keepAlive: 5_000 };

/** Only the message is used: the error contains the command, including the password. */
function openingError({ shown }: QueueAddress, { message }: Error): WgradError {
  if (refused.test(message)) {
    return new ConfigurationError({
      what: 'The queue refuses the password',
      found: `${shown}: ${message}`,
      expected: 'redis://user:password@host:6379, with %40 for an @ in the password',
      fix: 'set it in the URL of WGRAD_QUEUE, or separately in WGRAD_QUEUE_PASSWORD',
    });
  }
  if (distrusted.test(message)) {
    return new ConfigurationError({
      what: "The queue's certificate is not accepted",
      found: `${shown}: ${message}`,
      expected: 'a certificate for this host from a known authority',
      fix: 'for a private authority, set NODE_EXTRA_CA_CERTS to the file with its certificate (PEM), and use a host name or IP address that the certificate contains',
    });
  }
  return new QueueLostError({
    what: 'The queue cannot be reached',
    found: `${shown}: ${message || 'no answer'}`,
    expected: 'Redis 6.2 or later, or a compatible server',
    fix: 'start redis-server there, and check host, port and firewall, and whether this port uses TLS (rediss://) or not (redis://)',
  });
}
