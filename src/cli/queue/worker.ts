import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Command } from 'commander';
import { counted } from '../../figures.ts';
import { addAdapterOptions } from '../adapter_options.ts';
import { hostLine } from '../hosts/host_names.ts';
import { Interrupts } from '../interrupts.ts';
import { version } from '../package_facts.ts';
import { trialImages } from '../sweep/datasets.ts';
import { gpus } from '../sweep/gpus.ts';
import { adapterLine } from '../training_report.ts';
import { integer, outputFolder, real } from '../values.ts';
import { ChromeTrainer } from './chrome_trainer.ts';
import { datasetBelow } from './dataset_below.ts';
import { handIn } from './hand_in.ts';
import { queueAddress } from './queue_address.ts';
import { QueueStore } from './queue_store.ts';
import { TaskStates } from './task_states.ts';
import type { TaskTrainer } from './tasks.ts';
import { Undelivered } from './undelivered.ts';
import { type HostOptions, WorkerHost } from './worker_host.ts';
import { addWorkingOptions, type WorkingOptions } from './working_options.ts';

interface WorkerOptions extends WorkingOptions {
  /** Minutes without a task after which it ends. */
  idle?: number;
  undelivered?: string;
  name?: string;
}

/** `wgrad worker` */
export function addWorkerCommand(wgrad: Command): void {
  addAdapterOptions(addWorkingOptions(wgrad.command('worker')))
    .description('train trials of sweeps and pairs of comparisons from a queue on Redis')
    .option(
      '--jobs <n>',
      'number of Chromes that train at the same time (default: one per GPU, or one on a CPU)',
      integer('--jobs', { min: 1, max: 64 }),
    )
    .option(
      '--idle <minutes>',
      'exit after this many minutes without work (default: keep waiting)',
      real('--idle', { min: 0 }),
    )
    .option(
      '--undelivered <folder>',
      'folder that keeps results while Redis is unreachable (default: next to the data sets that wgrad has downloaded)',
      outputFolder('--undelivered'),
    )
    .option('--name <name>', 'name of this worker in wgrad sweep status (default: host and process)')
    .action((options: WorkerOptions) => work(options));
}

async function work(options: WorkerOptions): Promise<void> {
  const { idle, undelivered, name = `${hostname()}-${process.pid}-${randomBytes(2).toString('hex')}` } = options;
  const store = await QueueStore.open(queueAddress(options.queue));
  const chromes: ChromeTrainer[] = [];
  let host: WorkerHost | undefined;
  let done: Promise<void> | undefined;
  const interrupts = new Interrupts(() => handIn(() => host?.stop(), done, chromes));
  try {
    const trainers = await openTrainers(options, chromes);
    console.log(`worker   ${name}, ${counted(trainers.length, 'Chrome')}; queue ${store.address.shown}`);
    host = hostOf(store, trainers, options, {
      ...{ name, report: console.log, warn: console.log },
      ...(idle !== undefined && { idle: 60_000 * idle }),
      ...(undelivered !== undefined && { undelivered }),
    });
    interrupts.stop = () => {
      console.log(
        'Stopping after this step; another worker continues the trial. Press Ctrl-C again to quit immediately.',
      );
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

/** Opens Chromes, and reports which. @param opened each is added as it opens, so that the caller can close it. */
export async function openTrainers(options: WorkingOptions, opened: ChromeTrainer[]): Promise<ChromeTrainer[]> {
  const read = trialImages(options, (dataset) => datasetBelow(options.data, dataset));
  const first = new ChromeTrainer(options, read);
  opened.push(first);
  await first.start('sweep');
  console.log(hostLine(first.host, first.version));
  console.log(adapterLine(first.facts));
  const jobs = options.jobs ?? (first.facts.software ? 1 : gpus());
  for (let i = 1; i < jobs; i++) {
    const trainer = new ChromeTrainer(options, read);
    opened.push(trainer);
    await trainer.start('sweep', first.facts.software ? 'software' : 'hardware');
  }
  return opened;
}

export function hostOf(
  store: QueueStore,
  trainers: readonly TaskTrainer[],
  options: WorkingOptions,
  more: Pick<HostOptions, 'name' | 'report' | 'warn' | 'idle' | 'only'> & { undelivered?: string },
): WorkerHost {
  const { undelivered, ...facts } = more;
  const states = statesOf(store, options);
  states.dropExpired();
  return new WorkerHost(
    store,
    trainers,
    { states, undelivered: new Undelivered(undelivered) },
    { ...facts, version, queueLimit: 60_000 * options.queueTimeout },
  );
}

export const statesOf = (
  store: QueueStore,
  { stateLimit: limit, checkpoints: folder }: Pick<WorkingOptions, 'stateLimit' | 'checkpoints'>,
): TaskStates => new TaskStates(store, { limit, ...(folder !== undefined && { folder }) });
