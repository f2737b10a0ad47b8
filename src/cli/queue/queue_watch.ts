import { setTimeout as delay } from 'node:timers/promises';
import { QueueLostError } from './queue_errors.ts';
import type { QueueStore } from './queue_store.ts';

/** Milliseconds between two attempts of a call. */
const pause = 1_000;

/** Calls a queue that may be temporarily unavailable. */
export class QueueWatch {
  private since: number | undefined;

  constructor(
    private readonly store: Pick<QueueStore, 'answers'>,
    private readonly options: {
      /** Milliseconds without a queue after which `giveUp` is called. */
      limit: number;
      report: (line: string) => void;
      /** The consequence of an unavailable queue, for the report: "Trials that are under way are finished". */
      meanwhile: string;
      giveUp: (error: QueueLostError) => void;
      isStopping: () => boolean;
    },
  ) {}

  get isLost(): boolean {
    return this.since !== undefined;
  }

  /** The result of the call; undefined while the queue is unavailable. */
  async reached<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      const before = this.store.answers;
      const value = await call();
      // A call with nothing to send succeeds without a queue, too.
      if (this.since !== undefined && this.store.answers > before) {
        this.since = undefined;
        this.options.report('queue    answers again');
      }
      return value;
    } catch (error) {
      if (!(error instanceof QueueLostError)) throw error;
      this.missed(error);
      return undefined;
    }
  }

  /** Repeats a call until the queue is available again; undefined if it is given up, or the process is to end. */
  async patiently<T>(call: () => Promise<T>): Promise<{ value: T } | undefined> {
    for (;;) {
      const answer = await this.reached(async () => ({ value: await call() }));
      if (answer || this.options.isStopping()) return answer;
      await delay(pause);
    }
  }

  private missed(error: QueueLostError): void {
    const { report, limit, meanwhile, giveUp } = this.options;
    if (this.since === undefined) {
      this.since = performance.now();
      report(`queue    does not answer (${error.parts.found}). ${meanwhile}`);
    }
    if (performance.now() - this.since >= limit) giveUp(error);
  }
}
