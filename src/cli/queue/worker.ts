import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Command } from 'commander';
import { byteWords, counted } from '../../figures.ts';
import { withinTime } from '../../time_limit.ts';
import { type AdapterOptions, addAdapterOptions } from '../adapter_options.ts';
import { hostLine } from '../hosts/host_names.ts';
import { Interrupts } from '../interrupts.ts';
import { version } from '../package_facts.ts';
import { trialImages } from '../sweep/datasets.ts';
import { gpus } from '../sweep/gpus.ts';
import { TrialChrome } from '../sweep/trial_chrome.ts';
import { adapterLine } from '../training_report.ts';
import { byteSize, integer, outputFolder, real } from '../values.ts';
import { queueAddress } from './queue_address.ts';
import { QueueStore } from './queue_store.ts';
import { TaskStates } from './task_states.ts';
import { datasetBelow } from './trial_task.ts';
import { TrialTrainer } from './trial_trainer.ts';
import { Undelivered } from './undelivered.ts';
import { WorkerHost } from './worker_host.ts';

/** The options shared by a separate worker and the one within `wgrad sweep --queue`. */
export interface WorkingOptions extends AdapterOptions {
  queue?: string | true;
  /** The folder with the data sets that jobs name. */
  data?: string;
  /** A folder shared by all machines for large states. */
  checkpoints?: string;
  /** Maximum size in bytes of a state in the queue. */
  stateLimit: number;
  /** Minutes without a queue after which it gives up. */
  queueTimeout: number;
  jobs?: number;
}

interface WorkerOptions extends WorkingOptions {
  /** Minutes without a task after which it ends. */
  idle?: number;
  undelivered?: string;
  name?: string;
}

/** Time limit in milliseconds for handing in states after a SIGTERM: systems send a kill 10 to 30 seconds later. */
const handingIn = 8_000;
const defaultStateLimit = 16 * 2 ** 20;
const defaultQueueTimeout = 60;

/** Adds the options of commands that train tasks of a queue. */
export function addWorkingOptions(command: Command): Command {
  return command
    .option(
      '--queue [url]',
      'the Redis that has the trials: redis://host:6379, or rediss://user:password@host:6380/0 with TLS; without a URL that of WGRAD_QUEUE',
    )
    .option('--data <folder>', 'with --queue: the folder below which data sets are that are no known ones')
    .option(
      '--checkpoints <folder>',
      'with --queue: a folder that all machines share, for states that are too large for Redis',
      outputFolder('--checkpoints'),
    )
    .option(
      '--state-limit <size>',
      `with --queue: states of unfinished trials up to this size go to Redis (default: ${byteWords(defaultStateLimit)})`,
      byteSize('--state-limit'),
      defaultStateLimit,
    )
    .option(
      '--queue-timeout <minutes>',
      'with --queue: how long Redis may be away before it gives up',
      real('--queue-timeout', { min: 0 }),
      defaultQueueTimeout,
    );
}

/** `wgrad worker` */
export function addWorkerCommand(wgrad: Command): void {
  addAdapterOptions(addWorkingOptions(wgrad.command('worker')))
    .description('train the trials of sweeps and the pairs of comparisons that are in a queue on Redis')
    .option(
      '--jobs <n>',
      'Chromes that train at the same time (default: one for each GPU, one on a CPU)',
      integer('--jobs', { min: 1, max: 64 }),
    )
    .option(
      '--idle <minutes>',
      'end after so long without a trial (default: wait for more)',
      real('--idle', { min: 0 }),
    )
    .option(
      '--undelivered <folder>',
      'where results are kept while Redis is away (default: next to the data sets that wgrad has downloaded)',
      outputFolder('--undelivered'),
    )
    .option('--name <name>', 'its name in wgrad sweep status (default: host and process)')
    .action((options: WorkerOptions) => work(options));
}

async function work(options: WorkerOptions): Promise<void> {
  const { idle, undelivered, name = `${hostname()}-${process.pid}-${randomBytes(2).toString('hex')}` } = options;
  const store = await QueueStore.open(queueAddress(options.queue));
  const chromes: TrialChrome[] = [];
  let host: WorkerHost | undefined;
  let done: Promise<void> | undefined;
  const interrupts = new Interrupts(async () => {
    host?.stop();
    await withinTime(done ?? Promise.resolve(), handingIn, () => new Error('late')).catch(() => undefined);
    await Promise.all(chromes.map((chrome) => chrome.close()));
  });
  try {
    const trainers = await openTrainers(options, chromes);
    console.log(`worker   ${name}, ${counted(trainers.length, 'Chrome')}; queue ${store.address.shown}`);
    host = hostOf(store, trainers, options, {
      ...{ name, report: console.log },
      ...(idle !== undefined && { idle: 60_000 * idle }),
      ...(undelivered !== undefined && { undelivered }),
    });
    interrupts.stop = () => {
      console.log('Stopping after this step; another worker continues. Ctrl-C again quits at once.');
      host!.stop();
    };
    done = host.run();
    await done;
    console.log(`ended    ${counted(host.delivered, 'result')} delivered`);
  } finally {
    interrupts.dispose();
    await Promise.all(chromes.map((chrome) => chrome.close()));
    await store.close();
  }
}

/** Opens Chromes, and reports which. @param chromes each is added as soon as it opens, so that the caller can close it. */
export async function openTrainers(options: WorkingOptions, chromes: TrialChrome[]): Promise<TrialTrainer[]> {
  const first = new TrialChrome(options);
  chromes.push(first);
  await first.open();
  console.log(hostLine(first.host, first.version));
  console.log(adapterLine(first.adapter));
  const jobs = options.jobs ?? (first.adapter.software ? 1 : gpus());
  for (let i = 1; i < jobs; i++) {
    const chrome = new TrialChrome(options);
    chromes.push(chrome);
    await chrome.open(first.adapter.software ? 'software' : 'hardware');
  }
  const read = trialImages(options, (dataset) => datasetBelow(options.data, dataset));
  return chromes.map((chrome) => new TrialTrainer(chrome, read));
}

export function hostOf(
  store: QueueStore,
  trainers: TrialTrainer[],
  { stateLimit: limit, checkpoints: folder, queueTimeout }: WorkingOptions,
  more: { name: string; report: (line: string) => void; idle?: number; only?: string; undelivered?: string },
): WorkerHost {
  const { undelivered, ...facts } = more;
  const states = new TaskStates(store, { limit, ...(folder !== undefined && { folder }) });
  return new WorkerHost(
    store,
    trainers,
    { states, undelivered: new Undelivered(undelivered) },
    { ...facts, version, queueLimit: 60_000 * queueTimeout },
  );
}
