import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { CureChrome } from '../../src/cli/cure_chrome.ts';
import { hashOf } from '../../src/cli/hash_of.ts';
import { PairChrome } from '../../src/cli/pair_chrome.ts';
import { loadBullMq } from '../../src/cli/queue/bullmq.ts';
import { Coordinator } from '../../src/cli/queue/coordinator.ts';
import { datasetBelow } from '../../src/cli/queue/dataset_below.ts';
import { OwnPart } from '../../src/cli/queue/own_part.ts';
import { queueAddress } from '../../src/cli/queue/queue_address.ts';
import { QueueLostError } from '../../src/cli/queue/queue_errors.ts';
import { QueueStore } from '../../src/cli/queue/queue_store.ts';
import { TaskStates } from '../../src/cli/queue/task_states.ts';
import { failedResult } from '../../src/cli/queue/tasks.ts';
import { checkTrialTask, requireNoFiles } from '../../src/cli/queue/trial_task.ts';
import { Undelivered } from '../../src/cli/queue/undelivered.ts';
import { anyKind, resultKey, type Task, type TaskResult, type Work } from '../../src/cli/queue/work.ts';
import { type HostOptions, WorkerHost } from '../../src/cli/queue/worker_host.ts';
import { Session } from '../../src/cli/session.ts';
import { type ReadImages, trialImages } from '../../src/cli/sweep/datasets.ts';
import { gpus } from '../../src/cli/sweep/gpus.ts';
import { TrialChrome } from '../../src/cli/sweep/trial_chrome.ts';
import { idOf } from '../../src/cli/sweep/trials.ts';
import { WgradError } from '../../src/errors.ts';
import type { JsonOptions, SweepFile } from '../../src/report/sweep_file.ts';
import { call, run, runHere, startIn, temporaryFolder } from '../cli/wgrad.ts';
import { read } from './chaos.ts';
import { FakeTrainer } from './fake_trainer.ts';
import { howToInstall, Redis, requireRedis, skipsRedis, skipsTls } from './redis.ts';

const software = ['--adapter', 'software'];
const model = {
  inputShape: [8, 8, 1],
  layers: [{ type: 'flatten' }, { type: 'dense', units: 10, activation: 'softmax' }],
};
const base = { dataset: 'digits', epochs: 4, trainSamples: 320, testSamples: 297, augment: 'none', model };

/** Writes a plan to a file in a separate folder. */
function planFile(plan: object): string {
  const path = join(temporaryFolder(), 'plan.json');
  writeFileSync(path, JSON.stringify(plan));
  return path;
}

describe('the address of a queue', () => {
  test('comes from the flag or the environment, and is shown without its password', () => {
    const { options, shown } = queueAddress('rediss://ann:p%40ss@[::1]:6380/2', {});
    expect(options).toEqual({
      ...{ host: '::1', port: 6380, db: 2, username: 'ann', password: 'p@ss' },
      tls: {},
    });
    expect(queueAddress('rediss://lab1', {}).options.tls).toEqual({ servername: 'lab1' });
    expect(shown).toBe('rediss://ann:***@[::1]:6380/2');
    const fromEnvironment = queueAddress(true, { WGRAD_QUEUE: 'redis://lab', WGRAD_QUEUE_PASSWORD: 'secret' });
    expect(fromEnvironment.options).toEqual({ host: 'lab', port: 6379, db: 0, password: 'secret' });
    expect(fromEnvironment.shown).toBe('redis://:***@lab:6379');
  });

  test.each(['secret', 'http://u:secret@host', 'redis://', 'redis:secret', 'redis://u:secret@host/x'])(
    'that is invalid is rejected without being repeated: %s',
    (url) => {
      expect(() => queueAddress(url, {})).toThrow(/redis:\/\/host:6379/);
      expect(() => queueAddress(url, {})).not.toThrow(/secret/);
    },
  );
});

test('the package for the queue is named if it is missing, with the tested version', async () => {
  const missing = loadBullMq(() => Promise.reject(new Error("Cannot find package 'bullmq'")));
  await expect(missing).rejects.toMatchObject({ exitCode: 3, message: expect.stringContaining('npm install bullmq@') });
  const { devDependencies } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
  await expect(missing).rejects.toThrow(`bullmq@${devDependencies.bullmq};`);
});

test.each([TrialChrome, PairChrome, CureChrome])(
  'a stop while a browser starts is passed on to it: %o',
  async (Chrome) => {
    const chrome = new Chrome({ adapter: 'software', yes: false });
    const session = { stop: vi.fn() };
    const opening = vi.spyOn(Session, 'open').mockImplementation(async () => {
      chrome.stop();
      return session as never;
    });
    await chrome.open().finally(() => opening.mockRestore());
    expect(session.stop).toHaveBeenCalledOnce();
  },
);

describe('the process that begins a work', () => {
  const trainer = () => ({ close: vi.fn(async () => {}) });
  const each = () => ({ begin: vi.fn(async () => {}), run: vi.fn(async () => {}), stop: vi.fn() });

  test('leaves its tasks to others if it is stopped while its Chrome starts, which is closed', async () => {
    const [part, coordinator, host, chrome] = [new OwnPart(), each(), each(), trainer()];
    await part.run(coordinator, async (chromes) => {
      chromes.push(chrome as never);
      part.stop();
      return host;
    });
    expect([coordinator.begin, coordinator.run, host.run].map(({ mock }) => mock.calls.length)).toEqual([1, 0, 0]);
    expect(chrome.close).toHaveBeenCalledOnce();
    const open = vi.fn(async () => undefined);
    await part.run(coordinator, open);
    expect(open).not.toHaveBeenCalled();
  });

  test('returns its tasks and then closes its Chrome', async () => {
    const done: string[] = [];
    /** Ends some time after it is stopped. */
    const slow = (name: string) => {
      let end = () => {};
      return {
        begin: async () => {},
        run: vi.fn(() => new Promise<void>((resolve) => (end = resolve)).then(() => void done.push(name))),
        stop: vi.fn(() => void setTimeout(() => end(), 20)),
      };
    };
    const [part, coordinator, host] = [new OwnPart(), slow('stopped'), slow('given back')];
    const running = part.run(coordinator, async (chromes) => {
      chromes.push({ close: async () => void done.push('closed') } as never);
      return host;
    });
    await vi.waitFor(() => expect(coordinator.run).toHaveBeenCalledOnce());
    await part.quit();
    await running;
    expect(done.slice(0, 3)).toEqual(['stopped', 'given back', 'closed']);
  });
});

test.each<[number, string[]]>([
  [1, []],
  [1, ['nvidiactl', 'nvidia-uvm', 'dri/card0']],
  [2, ['nvidia0', 'nvidia1', 'nvidiactl', 'dri/renderD128']],
  [3, ['dri/renderD128', 'dri/renderD129', 'dri/renderD130', 'dri/card0']],
])('a machine has %i of the GPUs that the names of its devices show: %j', (number, names) => {
  const devices = temporaryFolder();
  mkdirSync(join(devices, 'dri'));
  for (const name of names) writeFileSync(join(devices, name), '');
  expect(gpus(devices)).toBe(number);
});

describe('a job', () => {
  const order = (options: JsonOptions, data = 'the images') => ({
    ...{ options, data, seconds: 0 },
    metric: { name: 'validationLoss', mode: 'min' },
  });
  const images = trialImages({ yes: false });
  const check = (options: JsonOptions, more: Partial<Task> = {}) =>
    checkTrialTask({ work: '0'.repeat(16), id: idOf(options), order: order(options), ...more }, images);

  test.each<[string, JsonOptions, RegExp]>([
    ['a path for a model', { model: '/etc/passwd' }, /model names a file, which workers do not read/],
    ['a path for an optimizer', { optimizer: './optimizer.json' }, /optimizer names a file/],
    ['a path for a learning rate', { learningRate: 'rate.json' }, /learningRate names a file/],
    ['a path for weights of samples', { sampleWeight: 'weights.npy' }, /sampleWeight names a file/],
    ['a path under another name', { augment: '/etc/passwd' }, /under another name/],
    ['a path in a list', { model: ['/etc/passwd'] }, /model names a file/],
    ['a path in pieces', { augmentation: ['/tmp/a', 'b'] }, /augmentation names a file/],
    ['a list with a path for an optimizer', { optimizer: ['./optimizer.json'] }, /optimizer names a file/],
    ['a list with a path for a loss', { loss: ['./loss.json'] }, /loss names a file/],
    ['a list with a path for a learning rate', { learningRate: ['rate.json'] }, /learningRate names a file/],
    ['a number as a path', { model: 5 }, /model names a file/],
    ['no value before the next option', { model: '', epochs: 1 }, /model names a file/],
    ['a list of weights of samples', { sampleWeight: ['weights.npy'] }, /sampleWeight names a file/],
    ['an object of weights of samples', { sampleWeight: {} }, /sampleWeight names a file/],
    ['a file to write', { json: '/tmp/x' }, /json is not an option of a trial/],
    ['another Chrome', { chrome: '/bin/sh' }, /chrome is not an option of a trial/],
    ['code for pixels', { augmentation: { preprocessingFunction: 'x * 2.0' } }, /preprocessingFunction is code/],
    ['an unknown option', { learningrte: 1 }, /did you mean "learningRate"/],
    ['a value that train refuses', { dataset: 'digits', batchSize: 0 }, /--batch-size/],
  ])('is rejected with %s', async (_, options, message) => {
    await expect(check(options)).rejects.toThrow(message);
  });

  test('is not rejected if nothing can be a path', () => {
    const named = { optimizer: 'sgd', loss: 'huber', learningRate: '1e-3', sampleWeight: null };
    const described = { model: { layers: [] }, augmentation: [{ rotationRange: 5 }], learningRate: 0.01 };
    for (const options of [named, described]) expect(() => requireNoFiles(options)).not.toThrow();
  });

  test('is rejected if its options do not match its id, or if it has unknown fields', async () => {
    const options = { dataset: 'digits', seed: 1 };
    await expect(check(options, { id: idOf({ ...options, seed: 2 }) })).rejects.toThrow('not those that its id');
    await expect(check(options, { order: { ...order(options), code: 'x' } })).rejects.toThrow('has no option code');
  });

  test('is left to others if the images differ from those of the sweep', async () => {
    await expect(check({ dataset: 'digits' })).rejects.toMatchObject({ name: 'UnfitError' });
    await expect(check({ dataset: 'nowhere' })).rejects.toMatchObject({ name: 'UnfitError' });
  });

  test('may only name data sets below a folder', () => {
    const [folder, outside] = [temporaryFolder(), temporaryFolder()];
    mkdirSync(join(folder, 'photos'));
    symlinkSync(outside, join(folder, 'link'));
    expect(datasetBelow(undefined, 'digits')).toBe('digits');
    expect(datasetBelow(folder, 'photos')).toBe(join(folder, 'photos'));
    for (const name of ['..', '.', outside, 'link', 'missing', 'photos/../..']) {
      expect(() => datasetBelow(folder, name)).toThrow('is not in the folder of --data');
    }
    expect(() => datasetBelow(undefined, 'photos')).toThrow('set --data <folder>');
    expect(() => datasetBelow(join(folder, 'gone'), 'photos')).toThrow(/no folder .*gone/);
  });

  test('cannot find out which files exist outside of the folder', () => {
    const folder = temporaryFolder();
    const answer = (name: string) => {
      try {
        return datasetBelow(folder, name);
      } catch (error) {
        return (error as Error).message.replaceAll(name, '<name>');
      }
    };
    expect(answer('/etc/nosuch')).toBe(answer('/etc/passwd'));
    expect(answer('missing')).not.toContain(folder);
  });

  test('reads its images once, and again after an error or after other images have been used', async () => {
    const asked: string[] = [];
    const folder = temporaryFolder();
    const place = (dataset: string) => {
      asked.push(dataset);
      return dataset === 'digits' ? dataset : join(folder, 'empty');
    };
    const readOf = trialImages({ yes: false }, place, 1);
    const ask = (dataset: string, by: ReadImages = readOf) =>
      by({ dataset, clean: [] } as unknown as Parameters<ReadImages>[0]);
    expect(await ask('digits')).toBe(await ask('digits'));
    await expect(ask('a')).rejects.toThrow();
    await expect(ask('a')).rejects.toThrow();
    await ask('digits');
    expect(asked).toEqual(['digits', 'a', 'a', 'digits']);
    asked.length = 0;
    const byDefault = trialImages({ yes: false }, (dataset) => {
      asked.push(dataset);
      return 'digits';
    });
    for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) await ask(name, byDefault);
    expect(asked).toEqual(['a', 'b', 'c', 'b']);
  });
});

test('a queue that is unavailable at the start is used when it answers, and not when there is nothing to send', async () => {
  let misses = 3;
  const store = {
    answers: 0,
    resultsFrom: async () => {
      if (misses-- > 0) throw new QueueLostError({ what: 'The queue does not answer', found: 'no answer' });
      store.answers++;
      return [];
    },
    end: vi.fn(async () => {}),
    workers: async () => [],
  };
  const work: Work = {
    ...{ format: 1, type: 'sweep', name: 'plan', version: '1', kind: anyKind, total: 0, attempts: 1 },
    ...{ id: '0'.repeat(16), takeover: 1, begun: 0, state: 'open' },
  };
  const said: string[] = [];
  const source = { open: () => [], add: () => {} };
  const states = { drop: async () => {}, dropAll: () => {} };
  const how = { queueLimit: 60_000, states, print: (line: string) => said.push(line) };
  await new Coordinator(store as unknown as QueueStore, work, {}, source, how).run();
  expect(said).toEqual([expect.stringContaining('does not answer'), 'queue    answers again']);
  expect(store.end).toHaveBeenCalledOnce();
});

describe.skipIf(skipsRedis)(`a queue (skipped where ${howToInstall})`, () => {
  let redis: Redis;
  let store: QueueStore;

  beforeAll(async () => {
    requireRedis();
    redis = await new Redis(join(temporaryFolder(), 'redis')).start();
    store = await QueueStore.open(queueAddress(redis.url));
  });
  afterAll(async () => {
    await store?.close();
    await redis?.kill();
  });

  const workOf = (more: Partial<Work> = {}): Work => ({
    ...{ format: 1, type: 'sweep', name: 'plan', version: '1', kind: anyKind, total: 1, attempts: 2 },
    ...{ id: hashOf(Math.random()), takeover: 1, begun: Date.now(), state: 'open' },
    ...more,
  });
  /** Calls of Redis that BullMQ's type leaves out. */
  interface Client {
    del(key: string): Promise<unknown>;
    hset(key: string, field: string, value: string): Promise<unknown>;
    hdel(key: string, field: string): Promise<unknown>;
    ttl(key: string): Promise<number>;
    keys(pattern: string): Promise<string[]>;
    lset(key: string, place: number, value: string): Promise<unknown>;
  }
  const clientOf = async ({ id }: Work) => (await store.queueOf(id).client) as unknown as Client;
  const taskOf = ({ id: work }: Work, name: string): Task => ({ work, id: hashOf(name), order: {} });

  /** A worker without a Chrome, which takes tasks of one sweep. */
  function hostOf(work: Work, trainer = new FakeTrainer(), more: Partial<HostOptions> = {}, on = store) {
    const said: string[] = [];
    const undelivered = new Undelivered(join(temporaryFolder(), 'undelivered'));
    const host = new WorkerHost(
      on,
      [trainer],
      { states: new TaskStates(on, { limit: 1000 }), undelivered },
      {
        ...{ name: `w${Math.random()}`, version: '1', queueLimit: 60_000, only: work.id },
        report: (line) => said.push(line),
        warn: (line) => said.push(line),
        ...more,
      },
    );
    return { host, said, trainer, undelivered, running: host.run() };
  }
  const how = (states = new TaskStates(store, { limit: 1000 })) => ({
    ...{ queueLimit: 60_000, states, print: () => undefined },
  });
  const until = (condition: () => unknown) => vi.waitFor(async () => expect(await condition()).toBeTruthy(), 60_000);

  /** Ends a task only when it may. */
  class Waiting extends FakeTrainer {
    constructor(private readonly gate: { open: boolean }) {
      super();
    }
    override async train(...args: Parameters<FakeTrainer['train']>) {
      this.trained.push('begun');
      await until(() => this.gate.open);
      return super.train(...args);
    }
  }

  test.each<[string, Partial<Work>, RegExp]>([
    [
      'of another version',
      { version: '9.9.9' },
      /it needs wgrad 9\.9\.9, and this worker has 1: install wgrad@9\.9\.9/,
    ],
    ['for another kind of adapter', { kind: 'nvidia ampere' }, /kind "nvidia ampere", and this one is "fake"/],
  ])('gives a worker no tasks of a work %s, and says so', async (_, more, message) => {
    const work = workOf(more);
    await store.putWork(work, {});
    await store.addTasks(work, [taskOf(work, 'a')]);
    const { host, said, trainer, running } = hostOf(work);
    await until(() => said.length > 0);
    await until(async () =>
      (await store.workers()).some(({ refuses }) => refuses.some(({ why }) => message.test(why))),
    );
    host.stop();
    await running;
    expect(said.join()).toMatch(message);
    expect(trainer.trained).toEqual([]);
  });

  test('keeps a result while Redis is gone, and delivers it when it is back', async () => {
    const work = workOf({ takeover: 30 });
    await store.putWork(work, {});
    await store.addTasks(work, [taskOf(work, 'a')]);
    const gate = { open: false };
    const { host, said, trainer, undelivered, running } = hostOf(work, new Waiting(gate));
    await until(() => trainer.trained.length > 0);
    await redis.kill();
    gate.open = true;
    await until(() => undelivered.names.length === 1);
    await until(() => said.some((line) => line.includes('does not answer')));
    await redis.start();
    await until(async () => (await store.results(work.id)).length === 1);
    await until(() => said.includes('queue    answers again'));
    expect(undelivered.names).toEqual([]);
    await store.end(work, 'finished');
    await running;
    expect(host.delivered).toBe(1);
  });

  test('sets aside a result that cannot be delivered, and delivers the others', async () => {
    const work = workOf();
    await store.putWork(work, {});
    const folder = join(temporaryFolder(), 'undelivered');
    const undelivered = new Undelivered(folder);
    const task = taskOf(work, 'a');
    const result = failedResult(task, { kind: 'fake', adapter: '' }, 'x');
    const broken = workOf();
    await (await clientOf(work)).hset('wgrad:works', broken.id, '{}');
    undelivered.keep({ work: broken.id, key: 'x', result });
    undelivered.keep({ work: hashOf('a work of another queue'), key: 'x', result });
    writeFileSync(join(folder, '0.json'), '{ "work"');
    writeFileSync(join(folder, '1.json'), '{}');
    undelivered.keep({ work: work.id, key: resultKey(task, 'fake'), result });
    const said: string[] = [];
    for (let turn = 0; turn < 2; turn++) await undelivered.deliver(store, (line) => said.push(line));
    await (await clientOf(work)).hdel('wgrad:works', broken.id);
    expect(await store.results(work.id)).toEqual([result]);
    expect(undelivered.names).toHaveLength(1);
    const aside = readdirSync(folder).filter((name) => name.endsWith('.bad'));
    expect(aside).toHaveLength(3);
    expect(said).toHaveLength(3);
    for (const name of aside)
      expect(said.join('\n')).toContain(`${join(folder, name)}: this result cannot be delivered`);
  });

  test('trains a failed task again, once its failures are removed', async () => {
    const work = workOf({ attempts: 1 });
    await store.putWork(work, {});
    const [task, other] = [taskOf(work, 'a'), taskOf(work, 'b')];
    const done: TaskResult = { ...failedResult(other, { kind: 'fake', adapter: '' }, ''), status: 'done' };
    await store.addResult(work.id, resultKey(other, 'fake'), done);
    await store.addTasks(work, [task]);
    let fails = true;
    class Failing extends FakeTrainer {
      override async train(...args: Parameters<FakeTrainer['train']>) {
        if (fails) throw new Error('no memory');
        return super.train(...args);
      }
    }
    const { running, trainer } = hostOf(work, new Failing());
    await until(async () => (await store.results(work.id)).length === 2);
    // The command may record it too, for no kind of adapter.
    const lost = failedResult(task, { kind: 'fake', adapter: 'none' }, 'stalled');
    await store.addResult(work.id, resultKey(task, 'none'), lost);
    fails = false;
    expect([await store.retryFailed(work.id), await store.retryFailed(work.id)]).toEqual([2, 0]);
    expect(await store.results(work.id)).toEqual([done]);
    const added: string[] = [];
    const source = {
      open: () => (added.includes(task.id) ? [] : [task]),
      add: ({ id }: TaskResult) => added.push(id),
    };
    await new Coordinator(store, work, {}, source, how()).run();
    await running;
    expect(trainer.trained).toEqual([task.id]);
    expect((await store.results(work.id)).map(({ status }) => status)).toEqual(['done', 'done']);
  });

  test('forgets works that ended a month ago, and keeps one that is continued', async () => {
    const [ended, continued] = [workOf({ name: 'ended' }), workOf({ name: 'continued' })];
    const client = await clientOf(ended);
    for (const work of [ended, continued]) {
      await store.putWork(work, {});
      const task = taskOf(work, 'a');
      await store.addResult(work.id, resultKey(task, 'fake'), failedResult(task, { kind: 'fake', adapter: '' }, 'x'));
      await store.end(work, 'finished');
    }
    const left = (work: Work) =>
      Promise.all(['head', 'results', 'once'].map((name) => client.ttl(`wgrad:of:${work.id}:${name}`)));
    expect((await left(continued)).every((seconds) => seconds > 29 * 86_400)).toBe(true);
    await store.putWork({ ...continued, state: 'open' }, {});
    expect(await left(continued)).toEqual([-1, -1, -1]);
    // A month later.
    await client.del(`wgrad:of:${ended.id}:head`);
    const status = await call('sweep', 'status', '--queue', redis.url);
    expect(status.stdout).toContain(`forgotten  sweep ended, ${ended.id}`);
    expect((await store.works()).map(({ id }) => id)).not.toContain(ended.id);
    expect((await call('sweep', 'status', '--queue', redis.url)).stdout).not.toContain('forgotten');
    await store.end(continued, 'finished');
  });

  test('releases what a worker holds for works that have ended', async () => {
    const [works, refused] = [[workOf(), workOf()], workOf({ version: '9.9.9', name: 'unfit' })];
    for (const work of [...works, refused]) {
      await store.putWork(work, {});
      if (work !== refused) await store.addTasks(work, [taskOf(work, 'a')]);
    }
    const own = await QueueStore.open(queueAddress(redis.url));
    const { host, running } = hostOf(works[0]!, new FakeTrainer(), { name: 'long', only: undefined as never }, own);
    const refuses = async (wanted: string) =>
      (await store.workers()).some(
        (worker) => worker.name === 'long' && worker.refuses.some(({ name }) => name === wanted),
      );
    await until(() => refuses('unfit'));
    for (const { id } of works) await until(async () => (await store.results(id)).length === 1);
    for (const work of [...works, refused]) await store.end(work, 'finished');
    await until(async () => !(await refuses('unfit')));
    const { queues } = own as unknown as { queues: Map<string, unknown> };
    await until(() => works.every(({ id }) => !queues.has(id)));
    host.stop();
    await running;
    await own.close();
  });

  test('gives up if Redis stays unavailable, although a task ends without it', async () => {
    const short = await new Redis(join(temporaryFolder(), 'short')).start();
    const lost = await QueueStore.open(queueAddress(short.url));
    const work = workOf({ takeover: 30 });
    await lost.putWork(work, {});
    await lost.addTasks(work, [taskOf(work, 'a')]);
    const gate = { open: false };
    const trainer = new Waiting(gate);
    const { running, undelivered } = hostOf(work, trainer, { queueLimit: 1 }, lost);
    await until(() => trainer.trained.length > 0);
    await short.kill();
    gate.open = true;
    await expect(running).rejects.toThrow('The queue does not answer');
    expect(undelivered.names).toHaveLength(1);
    await lost.close();
  });

  test('counts a result once', async () => {
    const work = workOf();
    await store.putWork(work, {});
    const task = taskOf(work, 'a');
    const result = failedResult(task, { kind: 'fake', adapter: '' }, 'x');
    const key = resultKey(task, 'fake');
    expect([await store.addResult(work.id, key, result), await store.addResult(work.id, key, result)]).toEqual([
      true,
      false,
    ]);
    expect(await store.results(work.id)).toEqual([result]);
    expect(await store.repeated(work.id)).toBe(1);
    // A worker that gets the job again does not train it.
    await store.addTasks(work, [task]);
    const { trainer, host, running } = hostOf(work);
    await until(async () => Object.values(await store.queueOf(work.id).getJobCounts()).every((n) => n === 0));
    host.stop();
    await running;
    expect(trainer.trained).toEqual([]);
  });

  test('stores small states itself, and large ones in a folder', async () => {
    const { id: work } = workOf();
    const folder = join(temporaryFolder(), 'states');
    const [small, large] = [new Uint8Array(10).fill(1), new Uint8Array(11).fill(2)];
    const [alone, shared] = [new TaskStates(store, { limit: 10 }), new TaskStates(store, { limit: 10, folder })];
    expect([await alone.put(work, 'a', 'fake', small), await alone.put(work, 'b', 'fake', large)]).toEqual([
      true,
      false,
    ]);
    expect(await shared.put(work, 'b', 'fake', large)).toBe(true);
    for (const [name, state] of [
      ['a', small],
      ['b', large],
    ] as const) {
      expect([...(await shared.get(work, name, 'fake'))!]).toEqual([...state]);
      expect(await shared.get(work, name, 'another kind')).toBeUndefined();
      await shared.drop(work, name, 'fake');
      expect(await shared.get(work, name, 'fake')).toBeUndefined();
    }
  });

  test('keeps no state of a halted trial or of a finished work', async () => {
    const work = workOf({ total: 2 });
    const folder = join(temporaryFolder(), 'states');
    const states = new TaskStates(store, { limit: 10, folder });
    const another = workOf();
    const [halted, late] = [hashOf('halted'), hashOf('late')];
    const [small, large] = [new Uint8Array(10), new Uint8Array(11)];
    await store.putWork(work, {});
    for (const [id, state] of [
      [halted, small],
      [halted, large],
      [late, small],
      [late, large],
    ] as const) {
      await states.put(work.id, id, 'fake', state);
    }
    await states.put(another.id, late, 'fake', small);
    await states.put(another.id, late, 'fake', large);
    const result = { ...failedResult({ id: halted }, { kind: 'fake', adapter: '' }, ''), status: 'halted' as const };
    const dropped = vi.spyOn(states, 'drop');
    const left = [result];
    const source = { open: () => [], add: () => {}, decided: () => left.splice(0) };
    await store.addResult(work.id, 'first', { ...result, status: 'waiting' });
    await new Coordinator(store, work, {}, source, how(states)).run();
    expect(dropped).toHaveBeenCalledWith(work.id, halted, 'fake');
    const keys = async ({ id }: Work) => (await clientOf(work)).keys(`wgrad:of:${id}:state:*`);
    expect([(await keys(work)).length, (await keys(another)).length]).toEqual([0, 1]);
    const kept = `${another.id}-${late}-fake.wgrad`;
    expect(readdirSync(folder)).toEqual([kept]);
    writeFileSync(join(folder, 'notes.txt'), '');
    states.dropExpired(Date.now() + 29 * 86_400_000);
    expect(readdirSync(folder).sort()).toEqual([kept, 'notes.txt'].sort());
    states.dropExpired(Date.now() + 31 * 86_400_000);
    expect(readdirSync(folder)).toEqual(['notes.txt']);
  });

  test('gives a stopped task to the next worker, with its state', async () => {
    const work = workOf({ takeover: 60 });
    await store.putWork(work, {});
    await store.addTasks(work, [taskOf(work, 'a')]);
    const from: (Uint8Array | undefined)[] = [];
    class Stoppable extends FakeTrainer {
      override async train(...args: Parameters<FakeTrainer['train']>) {
        from.push(args[2].from);
        if (from.length > 1) return super.train(...args);
        await until(() => this.stopping);
        return { state: () => Uint8Array.of(7) };
      }
    }
    const first = hostOf(work, new Stoppable());
    await until(() => from.length === 1);
    first.host.stop();
    await first.running;
    const second = hostOf(work, new Stoppable());
    // Long before the first one would count as gone.
    await until(async () => (await store.results(work.id)).length === 1);
    await store.end(work, 'finished');
    await second.running;
    expect(from.map((state) => state && [...state])).toEqual([undefined, [7]]);
  });

  test('fails a task whose workers have all disappeared', async () => {
    const work = workOf({ attempts: 1 });
    await store.putWork(work, {});
    await store.addTasks(work, [taskOf(work, 'a')]);
    const { Worker } = store.bull;
    const gone = new Worker(`work-${work.id}`, null, {
      connection: store.connecting,
      prefix: store.prefix,
      lockDuration: 500,
    });
    await gone.getNextJob('gone');
    await gone.close(true);
    const { running } = hostOf(work);
    await until(async () => (await store.results(work.id)).length === 1);
    await store.end(work, 'finished');
    await running;
    expect(await store.results(work.id)).toMatchObject([
      { status: 'failed', error: expect.stringContaining('stalled') },
    ]);
  });

  test('drops invalid jobs and results, and continues', async () => {
    const work = workOf({ attempts: 1 });
    await store.putWork(work, {});
    const queue = store.queueOf(work.id);
    for (const data of [null, {}, { work: work.id, order: {} }]) await queue.add('task', data, { attempts: 1 });
    await store.addResult(work.id, 'none', {} as TaskResult);
    const task = taskOf(work, 'a');
    const added: string[] = [];
    const source = { open: () => (added.length > 0 ? [] : [task]), add: ({ id }: TaskResult) => added.push(id) };
    const coordinator = new Coordinator(store, work, {}, source, how());
    await coordinator.begin();
    expect(await queue.getJob(`task-${task.id}-end`)).toBeTruthy();
    const { running } = hostOf(work);
    await until(async () => (await queue.getFailedCount()) === 3);
    await coordinator.run();
    await running;
    expect(added).toEqual([task.id]);
    expect((await store.results(work.id)).map(({ id }) => id)).toEqual([task.id]);
  });

  test('that answers a sign with an error ends the worker with this error', async () => {
    const failing = vi.spyOn(store, 'sign').mockRejectedValueOnce(new WgradError({ what: 'The queue is full' }));
    await expect(hostOf(workOf()).running).rejects.toThrow('The queue is full');
    failing.mockRestore();
  });

  test('writes the next state if one could not be written', async () => {
    const work = workOf();
    await store.putWork(work, {});
    await store.addTasks(work, [taskOf(work, 'a')]);
    let made = 0;
    class Failing extends FakeTrainer {
      override async train(...args: Parameters<FakeTrainer['train']>) {
        const file = () => {
          if (made++ === 0) throw new Error('no memory');
          return Uint8Array.of(7);
        };
        await until(() => {
          args[2].keep(file);
          return made > 1;
        });
        return super.train(...args);
      }
    }
    const { running } = hostOf(work, new Failing());
    await until(async () => (await store.results(work.id)).length === 1);
    await store.end(work, 'finished');
    await running;
  });

  test('gives the same bits as a sweep on one machine', async () => {
    const vary = { learningRate: [0.001, 0.003, 0.01, 0.1], seed: [1] };
    const plan = { base, vary, search: 'asha', eta: 2, metric: 'validationLoss' };
    const trained = async (...more: string[]): Promise<SweepFile> => {
      const path = join(temporaryFolder(), 'sweep.json');
      const { code, stderr } = await runHere('sweep', planFile(plan), '--json', path, ...software, ...more);
      expect({ code, stderr: stderr.replace(/Building.*\n/, '') }).toEqual({ code: 0, stderr: '' });
      return read(path);
    };
    const figuresOf = ({ trials }: SweepFile) => trials.map(({ seconds: _, ...record }) => record);
    const [alone, queued] = [await trained(), await trained('--queue', redis.url)];
    expect(figuresOf(queued)).toEqual(figuresOf(alone));
    expect(queued.trials.map(({ status }) => status).sort()).toEqual(['done', 'halted', 'halted', 'halted']);

    const [page, csv, json] = ['page.html', 'rows.csv', 'sweep.json'].map((name) => join(temporaryFolder(), name));
    const files = ['--out', page!, '--csv', csv!, '--json', json!];
    expect(await call('sweep', 'report', 'plan.json', '--queue', redis.url, ...files)).toMatchObject({ code: 0 });
    expect(read(json!)).toEqual(queued);
    expect(readFileSync(page!, 'utf8')).toContain('Best of 4');
    expect(readFileSync(csv!, 'utf8').trim().split('\n')).toHaveLength(5);
    const status = await call('sweep', 'status', 'plan', '--queue', redis.url);
    expect(status.stdout).toMatch(/│ plan .*finished .*│ +4 │ +10 │ +│ +│/);
    expect(status.stdout).toContain('trials   1 done, 3 halted');
  });

  test('has no report before the first result, and finds a sweep by its name', async () => {
    const work = workOf({ name: 'empty' });
    const trial = { id: 'a', configuration: 1, seed: 0, varied: {}, options: {}, command: '' };
    await store.putWork(work, { metric: { name: 'validationLoss', mode: 'min' }, trials: [trial], data: {} });
    const report = (...args: string[]) => call('sweep', 'report', ...args, '--queue', redis.url);
    expect(await report('empty')).toMatchObject({ code: 1, stderr: expect.stringContaining('has no result yet') });
    expect(await report('emty')).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "empty"') });
    const { trainer, running } = hostOf(work);
    expect(await call('sweep', 'cancel', work.id, '--queue', redis.url)).toMatchObject({ code: 0 });
    await running; // its only work has ended
    expect(trainer.trained).toEqual([]);
    expect((await store.work(work.id))?.state).toBe('canceled');
  });

  test('distributes pairs of a comparison and runs with cures, with the bits of a single process', async () => {
    const list = join(temporaryFolder(), 'cures.json');
    const network = {
      name: 'deep',
      model: { ...model, layers: [model.layers[0], { type: 'dense', units: 4 }, model.layers[1]] },
    };
    const cure = { name: 'clip', change: { clipnorm: 1 } };
    writeFileSync(list, JSON.stringify({ networks: [network], cures: [cure] }));
    const shared = [
      '--dataset',
      'digits',
      '--train-samples',
      '320',
      '--test-samples',
      '297',
      '--epochs',
      '1',
      ...software,
    ];
    const twins = ['--model', JSON.stringify(model), '--a', 'none', '--b', '{"rotationRange":20}', '--seeds', '2'];
    const outcome = async (...words: string[]) => {
      const path = join(temporaryFolder(), 'figures.json');
      const { code, stderr } = await runHere('compare', ...words, ...shared, '--json', path);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const file = readFileSync(path, 'utf8');
      expect(file).not.toContain('redis');
      // Times differ, and with them where the file is.
      return file.replaceAll(/"(seconds|stepMs|command|imagesPerSecond|ms)":("(\\.|[^"\\])*"|[^,}\]]*)/g, '"$1":0');
    };
    const queue = ['--queue', redis.url];
    for (const words of [twins, ['--cures', list, '--seeds', '1']]) {
      expect(await outcome(...words, ...queue)).toBe(await outcome(...words));
    }
    const status = await call('sweep', 'status', ...queue);
    expect(status.stdout).toMatch(/│ figures +│ comparison │ .*finished │ +2 │ +2 │/);
    expect(status.stdout).toMatch(/│ figures +│ cures .*finished │ +2 │ +2 │/);

    // A pair that this file lacks, and the queue has, is not trained again.
    const works = (await store.works()).filter(({ type }) => type === 'comparison');
    const cut = join(temporaryFolder(), 'figures.json');
    const whole = await runHere('compare', ...twins, ...shared, ...queue, '--json', cut);
    expect(whole.code).toBe(0);
    const figures = JSON.parse(readFileSync(cut, 'utf8'));
    writeFileSync(cut, JSON.stringify({ ...figures, pairs: figures.pairs.slice(1) }));
    const resumed = await runHere('compare', ...twins, ...shared, ...queue, '--resume', cut);
    expect(resumed).toMatchObject({ code: 0, stdout: expect.stringContaining('resumed') });
    expect(JSON.parse(readFileSync(cut, 'utf8')).pairs).toEqual(figures.pairs);
    expect((await store.works()).filter(({ type }) => type === 'comparison')).toHaveLength(works.length);
    expect(await store.repeated(works[0]!.id)).toBe(0);

    // One that has failed is.
    const { id } = works[0]!;
    const [first] = await store.results(id);
    await store.retryFailed(id);
    const client = await clientOf(works[0]!);
    const failed = failedResult(first!, { kind: first!.kind, adapter: 'none' }, 'its worker was lost');
    await client.lset(`wgrad:of:${id}:results`, 0, JSON.stringify(failed));
    rmSync(cut);
    const again = await runHere('compare', ...twins, ...shared, ...queue, '--json', cut);
    expect(again.code).toBe(0);
    expect((await store.results(id)).map(({ status }) => status)).toEqual(['done', 'done']);
  });

  test('that rejects the password, or is not reachable, ends the command, which never prints the password', async () => {
    const closed = await new Redis(join(temporaryFolder(), 'closed'), { password: 'right' }).start();
    const plan = planFile({ base, vary: {} });
    const wrong = await call('sweep', plan, '--queue', closed.url.replace('right', 'wrong-secret'));
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('The queue refuses the password') });
    const none = await call('worker', '--queue', closed.url.replace(':right@', ''));
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('NOAUTH') });
    await closed.kill();
    const gone = await call('worker', '--queue', closed.url);
    expect(gone).toMatchObject({ code: 1, stderr: expect.stringContaining('The queue cannot be reached') });
    expect(wrong.stderr + wrong.stdout + gone.stderr + gone.stdout).not.toMatch(/wrong-secret|right@/);
  });

  test.skipIf(skipsTls)('accepts a valid TLS certificate, and says how to accept another one', async () => {
    const folder = temporaryFolder();
    const [cert, key] = ['cert.pem', 'key.pem'].map((name) => join(folder, name)) as [string, string];
    const subject = ['-subj', '/CN=wgrad-test', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...curve, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    await run('--version'); // Builds the command.
    const secure = await new Redis(join(folder, 'tls'), { password: 'se%20cret', tls: { cert, key } }).start();
    // Node reads NODE_EXTRA_CA_CERTS when it starts, so these commands need processes of their own.
    const status = (url: string, more: Record<string, string> = {}) =>
      startIn({ WGRAD_QUEUE: url, NODE_EXTRA_CA_CERTS: cert, ...more }, 'sweep', 'status', '--queue').ended;
    const withoutPassword = secure.url.replace(/:[^:@]*@/, '');
    try {
      const unknown = await call('sweep', 'status', '--queue', secure.url);
      expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('self-signed certificate') });
      expect(unknown.stderr).toContain('set NODE_EXTRA_CA_CERTS to the file with its certificate');
      const [known, alone, wrong, misnamed] = await Promise.all([
        status(secure.url),
        status(withoutPassword, { WGRAD_QUEUE_PASSWORD: 'se cret' }),
        status(withoutPassword, { WGRAD_QUEUE_PASSWORD: 'wrong-secret' }),
        status(secure.url.replace('127.0.0.1', 'localhost')),
      ]);
      for (const accepted of [known, alone]) {
        expect(accepted).toMatchObject({ code: 0, stderr: '' });
        expect(accepted.stdout).toMatch(/queue {4}rediss:\/\/:\*\*\*@127\.0\.0\.1:\d+\nworks {4}none/);
      }
      expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('The queue refuses the password') });
      expect(misnamed).toMatchObject({ code: 2, stderr: expect.stringContaining('does not match certificate') });
      const said = [unknown, known, alone, wrong, misnamed].map(({ stdout, stderr }) => stdout + stderr).join();
      expect(said).not.toMatch(/se%20cret|se cret|wrong-secret/);
    } finally {
      await secure.kill();
    }
  });

  test('needs what belongs to it', async () => {
    const plan = planFile({ base, vary: {} });
    expect(await call('sweep', plan, '--attempts', '3')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--attempts without --queue'),
    });
    expect(await call('worker', '--queue', redis.url, '--data', join(temporaryFolder(), 'typo'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--data names a folder that does not exist'),
    });
    const own = planFile({ base: { ...base, dataset: temporaryFolder() }, vary: {} });
    expect(await call('sweep', own, '--queue', redis.url)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is not in the folder of --data'),
    });
  });
});
