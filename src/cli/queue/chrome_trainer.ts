import { ConfigurationError, DataError } from '../../errors.ts';
import { describeAdapter } from '../../gpu/adapter.ts';
import type { AdapterFacts } from '../../index.ts';
import type { AdapterOptions } from '../adapter_options.ts';
import { CureChrome } from '../cure_chrome.ts';
import type { HostName } from '../hosts/host_names.ts';
import { PairChrome } from '../pair_chrome.ts';
import type { ReadImages } from '../sweep/datasets.ts';
import { kindOf, TrialChrome } from '../sweep/trial_chrome.ts';
import { trainCureTask } from './cure_trainer.ts';
import { trainPairTask } from './pair_trainer.ts';
import { failedResult, type TaskHooks, type TaskOutcome, type TaskTrainer } from './tasks.ts';
import { trainTrialTask } from './trial_trainer.ts';
import type { Task, Work, WorkType } from './work.ts';

interface AnyChrome {
  adapter: AdapterFacts;
  version: string;
  host: HostName;
  open(adapter?: AdapterOptions['adapter']): Promise<void>;
  stop(): void;
  close(): Promise<void>;
}

type Train = (task: Task, read: ReadImages, hooks: TaskHooks) => Promise<TaskOutcome>;

const chromes: Record<WorkType, (options: AdapterOptions) => { chrome: AnyChrome; train: Train }> = {
  sweep: (options) => {
    const chrome = new TrialChrome(options);
    return { chrome, train: (...order) => trainTrialTask(chrome, ...order) };
  },
  comparison: (options) => {
    const chrome = new PairChrome(options);
    return { chrome, train: (...order) => trainPairTask(chrome, ...order) };
  },
  cures: (options) => {
    const chrome = new CureChrome(options);
    return { chrome, train: (...order) => trainCureTask(chrome, ...order) };
  },
};

/** Trains tasks of all types in a Chrome. Each type has its own page, so a change of type requires another Chrome. */
export class ChromeTrainer implements TaskTrainer {
  kind = '';
  adapter = '';
  version = '';
  host!: HostName;
  facts!: AdapterFacts;
  private open: { type: WorkType; chrome: AnyChrome; train: Train } | undefined;
  private stopping = false;

  constructor(
    private readonly options: AdapterOptions,
    private readonly read: ReadImages,
  ) {}

  /** Opens a Chrome, which determines the kind of the adapter. */
  async start(type: WorkType, adapter = this.options.adapter): Promise<void> {
    const { chrome, train } = chromes[type](this.options);
    this.open = { type, chrome, train };
    await chrome.open(adapter);
    this.facts = chrome.adapter;
    this.version = chrome.version;
    this.host = chrome.host;
    this.kind = kindOf(chrome.adapter);
    this.adapter = describeAdapter(chrome.adapter);
    if (this.stopping) chrome.stop();
  }

  async train({ type }: Work, task: Task, hooks: TaskHooks): Promise<TaskOutcome> {
    try {
      if (this.open?.type !== type) {
        await this.close();
        await this.start(type, this.facts.software ? 'software' : 'hardware');
      }
      return await this.open!.train(task, this.read, hooks);
    } catch (error) {
      // The same error would occur on every other machine.
      if (error instanceof ConfigurationError || error instanceof DataError) {
        return { result: failedResult(task, this, error.message) };
      }
      if (!(error instanceof Error && error.name === 'UnfitError')) await this.close().catch(() => undefined);
      throw error;
    }
  }

  stop(): void {
    this.stopping = true;
    this.open?.chrome.stop();
  }

  async close(): Promise<void> {
    const { open } = this;
    this.open = undefined;
    await open?.chrome.close();
  }
}
