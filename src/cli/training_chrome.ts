import type { TrainAndTest } from '../data/index.ts';
import type { AdapterFacts } from '../index.ts';
import type { AdapterOptions } from './adapter_options.ts';
import type { HostName } from './hosts/host_names.ts';
import { Session, type SessionOptions } from './session.ts';

/** A Chrome that trains one thing after another and is started again if it is lost. A stop also reaches one that is still starting. */
export abstract class TrainingChrome {
  protected session: Session | undefined;
  protected datasets: TrainAndTest | undefined;
  protected stopping = false;
  adapter!: AdapterFacts;
  /** For example `Chrome/156.0.8078.79`. */
  version = '';
  host!: HostName;

  constructor(private readonly options: AdapterOptions) {}

  /** The receivers of the page's events and states, and the files that it may fetch. */
  protected abstract receivers(): Pick<SessionOptions, 'tell' | 'keep' | 'keepPair' | 'files'>;

  async open(adapter = this.options.adapter): Promise<void> {
    const { host, chrome, browserTimeout, yes } = this.options;
    this.session = await Session.open({
      ...{ adapter, host, chrome, browserTimeout, yes },
      datasets: () => this.datasets!,
      ...this.receivers(),
      report: console.error,
    });
    ({ adapter: this.adapter, version: this.version, host: this.host } = this.session);
    // stop was called while the browser was starting.
    if (this.stopping) this.session.stop();
  }

  /** Opens a browser in place of a lost one, with the same kind of adapter. */
  protected async reopen(): Promise<void> {
    await this.close();
    await this.open(this.adapter.software ? 'software' : 'hardware');
  }

  /** Ends the current training after its current step. */
  stop(): void {
    this.stopping = true;
    this.session?.stop();
  }

  async close(): Promise<void> {
    await this.session?.close();
  }
}
