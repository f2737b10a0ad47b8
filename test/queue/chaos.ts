import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { queueAddress } from '../../src/cli/queue/queue_address.ts';
import { QueueStore } from '../../src/cli/queue/queue_store.ts';
import type { SweepFile, TrialRecord } from '../../src/report/sweep_file.ts';
import type { Hosts } from './namespaces.ts';
import { Redis } from './redis.ts';

export type Mishap = 'worker cut off' | 'worker killed' | 'worker stopped and continued' | 'Redis killed and restarted';

export interface ChaosOptions {
  folder: string;
  trials: number;
  workers: number;
  /** Kinds of failures, which alternate. */
  mishaps: readonly Mishap[];
  /** Milliseconds between two failures. */
  every: number;
  /** Seconds after which the trial of a silent worker is taken over. */
  takeover: number;
  /** The hosts of the workers, each in a network namespace; without them all are on this machine. */
  hosts?: Hosts;
  report?: (line: string) => void;
  /** Results of the trials without a queue, if known. */
  expected?: SweepFile;
}

export interface ChaosOutcome {
  trials: number;
  results: number;
  /** Number of results that arrived again after the first one, and were ignored. */
  repeated: number;
  mishaps: Record<Mishap, number>;
  seconds: number;
  sameBits: boolean;
  code: number | null;
}

const program = join(process.cwd(), 'bin/wgrad.js');
const software = ['--adapter', 'software'];

/** Trials of about a second, which save their state after each epoch. */
export function chaosPlan(trials: number): object {
  const layers = [
    { type: 'conv2d', filters: 4, kernelSize: 3, activation: 'relu' },
    { type: 'flatten' },
    { type: 'dropout', rate: 0.2 },
    { type: 'dense', units: 10, activation: 'softmax' },
  ];
  return {
    base: {
      ...{ dataset: 'digits', epochs: 4, trainSamples: 480, testSamples: 297, batchSize: 8 },
      model: { inputShape: [8, 8, 1], layers },
    },
    vary: { learningRate: [0.001, 0.01], seed: Array.from({ length: trials / 2 }, (_, i) => i) },
    metric: 'validationLoss',
  };
}

/** The figures that don't depend on when and where a trial was trained. */
const figuresOf = ({ trials }: SweepFile) => trials.map(({ seconds: _, ...record }: TrialRecord) => record);

function wgrad(args: readonly string[], url: string, log: number, on?: { hosts: Hosts; host: number }): ChildProcess {
  const words = [process.execPath, program, ...args];
  const options: SpawnOptions = {
    stdio: ['ignore', log, log],
    // One browser for all, whose bits are compared.
    env: { ...process.env, WGRAD_QUEUE: url, WGRAD_BROWSER: 'chrome' },
  };
  return on ? on.hosts.spawn(on.host, words, options) : spawn(words[0]!, words.slice(1), options);
}

export const read = (path: string): SweepFile => JSON.parse(readFileSync(path, 'utf8'));

/** Trains a sweep over workers that are made to fail, and compares it with one trained by a single process. */
export async function chaos(options: ChaosOptions): Promise<ChaosOutcome> {
  const { folder, trials, workers, mishaps, every, takeover, hosts, report = () => {} } = options;
  mkdirSync(folder, { recursive: true });
  const logTo = (name: string) => openSync(join(folder, `${name}.log`), 'a');
  const plan = join(folder, 'plan.json');
  writeFileSync(plan, JSON.stringify(chaosPlan(trials)));
  const redis = await new Redis(join(folder, 'redis'), { host: hosts?.address }).start();
  const counts: Record<Mishap, number> = {
    ...{ 'worker cut off': 0, 'worker killed': 0, 'worker stopped and continued': 0, 'Redis killed and restarted': 0 },
  };
  const begun = performance.now();
  const out = join(folder, 'queue.json');
  const sweep = ['sweep', plan, '--queue', '--jobs', '0', '--takeover', String(takeover), '--attempts', '20'];
  const coordinator = wgrad([...sweep, '--json', out, ...software], redis.url, logTo('sweep'));
  const ended = once(coordinator, 'exit');
  let started = 0;
  const worker = ['worker', '--undelivered', join(folder, 'undelivered'), '--queue-timeout', '2', ...software];
  const start = (host: number) => {
    const words = [...worker, '--name', `worker${++started}`];
    return wgrad(words, redis.url, logTo(`worker${started}`), hosts && { hosts, host });
  };
  const running = Array.from({ length: workers }, (_, host) => start(host));
  const numbers = running.map((_, i) => i + 1);
  /** Whether each worker has been ready since the last look: on a busy machine, others would be killed before they train anything. */
  const wasReady = running.map(() => false);
  const isReady = (at: number) => readFileSync(join(folder, `worker${numbers[at]}.log`), 'utf8').includes('worker   ');
  try {
    for (let n = 0, turn = 0; coordinator.exitCode === null; ) {
      const isOver = await Promise.race([ended.then(() => true), delay(every).then(() => false)]);
      if (isOver) break;
      if (n >= mishaps.length) continue;
      const mishap = mishaps[n]!;
      const turns = running.map((_, i) => (turn + i) % workers);
      const at = turns.find((i) => wasReady[i]);
      for (const i of turns) wasReady[i] = isReady(i);
      if (at === undefined && mishap !== 'Redis killed and restarted') continue;
      n++;
      counts[mishap]++;
      report(mishap);
      if (mishap === 'Redis killed and restarted') {
        await redis.kill();
        await delay(1_500);
        await redis.start();
        continue;
      }
      const victim = at!;
      turn = victim + 1;
      if (mishap === 'worker killed') {
        running[victim]!.kill('SIGKILL');
        running[victim] = start(victim);
        numbers[victim] = started;
        wasReady[victim] = false;
      } else if (mishap === 'worker cut off') {
        hosts!.connect(victim, false);
        void delay(2_500 * takeover).then(() => hosts!.connect(victim, true));
      } else {
        const stopped = running[victim]!;
        stopped.kill('SIGSTOP');
        // The next failure happens meanwhile.
        void delay(2_500 * takeover).then(() => stopped.kill('SIGCONT'));
      }
    }
    const { code } = await ended.then(() => ({ code: coordinator.exitCode }));
    const seconds = (performance.now() - begun) / 1000;
    const store = await QueueStore.open(queueAddress(redis.url));
    const [work] = await store.works();
    const results = (await store.results(work!.id)).length;
    const repeated = await store.repeated(work!.id);
    await store.close();
    const expected = options.expected ?? (await alone(folder, trials));
    const sameBits = isDeepStrictEqual(figuresOf(read(out)), figuresOf(expected));
    return { trials, results, repeated, mishaps: counts, seconds, sameBits, code };
  } finally {
    for (const child of running) child.kill('SIGCONT');
    const ends = running.map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await Promise.race([once(child, 'exit'), delay(10_000).then(() => child.kill('SIGKILL'))]);
    });
    coordinator.kill('SIGKILL');
    await Promise.all(ends);
    await redis.kill();
  }
}

/** Trains the same trials in one process, sequentially. */
export async function alone(folder: string, trials: number): Promise<SweepFile> {
  const plan = join(folder, 'alone.json');
  const out = join(folder, 'local.json');
  writeFileSync(plan, JSON.stringify(chaosPlan(trials)));
  const child = wgrad(['sweep', plan, '--json', out, ...software], '', openSync(join(folder, 'local.log'), 'a'));
  await once(child, 'exit');
  return read(out);
}
