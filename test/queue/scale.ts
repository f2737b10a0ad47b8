import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beginWork, Coordinator } from '../../src/cli/queue/coordinator.ts';
import { queueAddress } from '../../src/cli/queue/queue_address.ts';
import { queueReport, queueStatus } from '../../src/cli/queue/queue_commands.ts';
import { QueueStore } from '../../src/cli/queue/queue_store.ts';
import { SweepSource } from '../../src/cli/queue/sweep_source.ts';
import { TaskStates } from '../../src/cli/queue/task_states.ts';
import { Undelivered } from '../../src/cli/queue/undelivered.ts';
import { anyKind, type Task, type Work } from '../../src/cli/queue/work.ts';
import { WorkerHost } from '../../src/cli/queue/worker_host.ts';
import { parsePlan } from '../../src/cli/sweep/plan.ts';
import { headOf } from '../../src/cli/sweep/sweep.ts';
import { SweepFolder } from '../../src/cli/sweep/sweep_folder.ts';
import { trainCommand } from '../../src/cli/sweep/trial_options.ts';
import { idOf } from '../../src/cli/sweep/trials.ts';
import { chaosPlan } from './chaos.ts';
import { FakeTrainer } from './fake_trainer.ts';
import { Redis } from './redis.ts';

/** Milliseconds that a fake trial takes, derived from its id. */
const durationOf = ({ id }: Pick<Task, 'id'>): number => 20 + (Number.parseInt(id.slice(0, 4), 16) % 41);
const version = 'scale';

export interface ScaleOutcome {
  trials: number;
  workers: number;
  seconds: number;
  /** Milliseconds of a worker's time per trial, in addition to the training. */
  overheadMs: number;
  status: { seconds: number; processor: number };
  report: { seconds: number; processor: number };
  /** Bytes in Redis per trial: while it is queued, and with its result. */
  queuedBytes: number;
  doneBytes: number;
  /** Milliseconds of Redis' processor time, and number of commands, per trial. */
  redisMs: number;
  commands: number;
  /** The same per second of a waiting worker. */
  idleRedisMs: number;
}

/** Runs many trials that train nothing, so that the time that they take is that of the queue. */
export async function scale(folder: string, trials: number, workers: number): Promise<ScaleOutcome> {
  const redis = await new Redis(join(folder, 'redis')).start();
  const store = await QueueStore.open(queueAddress(redis.url));
  try {
    const { plan, sweep } = sweepOf(trials);
    const head = headOf(plan, sweep);
    const work: Work = {
      ...{ format: 1, id: 'ab'.repeat(8), type: 'sweep', name: 'scale', version, kind: anyKind, total: trials },
      ...{ attempts: 5, takeover: 30, begun: Date.now(), state: 'open' },
    };
    const before = await factsOf(store);
    await beginWork(store, work, head, false);
    const source = new SweepSource(work, sweep, SweepFolder.begin(join(folder, 'sweep'), head, false));
    await store.addTasks(work, source.open());
    const queued = await factsOf(store);
    const busy = Array.from({ length: workers }, () => {
      const program = fileURLToPath(import.meta.url);
      return fork(program, ['--scale-worker', redis.url, '--folder', folder]);
    });
    const told = busy.map(async (child) => (await once(child, 'message'))[0] as { trained: number; overhead: number });
    const begun = performance.now();
    const how = { queueLimit: 60_000, states: new TaskStates(store, { limit: 1000 }), print: () => {} };
    await muted(() => new Coordinator(store, work, head, source, how).run());
    const seconds = (performance.now() - begun) / 1000;
    const done = await factsOf(store);
    const overheads = await Promise.all(told);
    const status = await timed(() => queueStatus('scale', { queue: redis.url }));
    const out = join(folder, 'report.html');
    const report = await timed(() => queueReport('scale', { queue: redis.url, out }));
    const idle = await idleLoad(store, folder, workers);
    const trained = overheads.reduce((sum, each) => sum + each.trained, 0);
    if (trained !== trials) throw new Error(`${trained} of ${trials} trials were trained`);
    return {
      ...{ trials, workers, seconds, status, report },
      overheadMs: overheads.reduce((sum, { overhead }) => sum + overhead, 0) / trained,
      queuedBytes: (queued.bytes - before.bytes) / trials,
      doneBytes: (done.bytes - before.bytes) / trials,
      redisMs: (done.cpuMs - before.cpuMs) / trials,
      commands: (done.commands - before.commands) / trials,
      idleRedisMs: idle,
    };
  } finally {
    await store.close();
    await redis.kill();
  }
}

/** Trials with the options of real ones. */
function sweepOf(trials: number) {
  const { base } = chaosPlan(2) as { base: Record<string, never> };
  const seeds = Array.from({ length: trials }, (_, seed) => seed);
  const plan = parsePlan({ base, vary: { learningRate: [0.01] }, metric: 'validationLoss' }, 'plan');
  const all = seeds.map((seed) => {
    const options = { ...base, learningRate: 0.0001 * (seed + 1), seed: 1 };
    const varied = { learningRate: options.learningRate };
    return { id: idOf(options), configuration: seed + 1, seed: 1, varied, options, command: trainCommand(options) };
  });
  const data = new Map(all.map(({ id }) => [id, 'f'.repeat(64)]));
  const check = () => Promise.reject(new Error('nothing is trained'));
  return { plan, sweep: { trials: all, metric: { name: 'validationLoss', mode: 'min' as const }, data, check } };
}

function hostIn(store: QueueStore, folder: string, trainer: FakeTrainer, name: string): WorkerHost {
  const places = {
    states: new TaskStates(store, { limit: 1000 }),
    undelivered: new Undelivered(join(folder, `undelivered-${name}`)),
  };
  return new WorkerHost(store, [trainer], places, {
    name,
    version,
    queueLimit: 60_000,
    report: () => {},
    warn: () => {},
  });
}

/** A worker in a separate process. It measures the time from its first trial to its last. */
export async function scaleWorker(url: string, folder: string): Promise<void> {
  const store = await QueueStore.open(queueAddress(url));
  const times = { first: 0, last: 0, fake: 0, trained: 0 };
  class Timed extends FakeTrainer {
    override async train(...args: Parameters<FakeTrainer['train']>) {
      times.first ||= performance.now();
      const begun = performance.now();
      const outcome = await super.train(...args);
      times.last = performance.now();
      times.fake += times.last - begun;
      times.trained++;
      return outcome;
    }
  }
  const host = hostIn(store, folder, new Timed(durationOf), `worker-${process.pid}`);
  const running = host.run();
  while ((await store.works()).some(({ state }) => state === 'open')) await delay(500);
  host.stop();
  await running;
  await store.close();
  process.send!({ trained: times.trained, overhead: times.last - times.first - times.fake });
  process.disconnect();
}

async function factsOf(store: QueueStore) {
  const info = await (await store.queueOf('0'.repeat(16)).client).info();
  const numberOf = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)![1]);
  return {
    bytes: numberOf('used_memory'),
    commands: numberOf('total_commands_processed'),
    cpuMs: 1000 * (numberOf('used_cpu_user') + numberOf('used_cpu_sys')),
  };
}

/** Milliseconds of Redis' processor time per second of a worker without trials. */
async function idleLoad(store: QueueStore, folder: string, workers: number): Promise<number> {
  const hosts = Array.from({ length: workers }, (_, i) => hostIn(store, folder, new FakeTrainer(), `idle-${i}`));
  const running = hosts.map((host) => host.run());
  const measured = 5;
  const begun = await factsOf(store);
  await delay(1000 * measured);
  const { cpuMs } = await factsOf(store);
  for (const host of hosts) host.stop();
  await Promise.all(running);
  return (cpuMs - begun.cpuMs) / measured / workers;
}

async function muted<T>(work: () => Promise<T>): Promise<T> {
  const { log } = console;
  console.log = () => {};
  try {
    return await work();
  } finally {
    console.log = log;
  }
}

/** Seconds of wall time, and of this process' processor time, which does not depend on other load on the machine. */
async function timed(work: () => Promise<void>): Promise<{ seconds: number; processor: number }> {
  const begun = performance.now();
  const before = process.cpuUsage();
  await muted(work);
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - begun) / 1000, processor: (user + system) / 1e6 };
}
