import type { ProbeRecord, RunVerdict, Verdict } from './health.ts';
import type { EpochRecord, StepRecord } from './history.ts';

/** An event of a run in progress; `at` is in ms, by the clock of the thread that trains; 0 if it isn't known. */
export type RunEvent =
  | { step: StepRecord; epochSteps: number; at: number }
  | { epoch: EpochRecord }
  | { verdict: Verdict }
  | { runVerdict: RunVerdict }
  | { probe: ProbeRecord };

/** How many milliseconds events wait for each other. */
const bundleMs = 100;

/**
 * Delivers events in bundles: a message to another process or thread costs about a millisecond, more than a
 * step of a fast GPU.
 */
export class EventBundler<Item = RunEvent> {
  private waiting: Item[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private sending: Promise<unknown> = Promise.resolve();

  /** @param tell receives a bundle; it is called again once its promise has resolved. */
  constructor(private readonly tell: (events: Item[]) => unknown) {}

  add(item: Item): void {
    this.waiting.push(item);
    this.timer ??= setTimeout(() => this.send(), bundleMs);
  }

  /** Sends the waiting events, and resolves when all have been delivered. */
  sent(): Promise<unknown> {
    this.send();
    return this.sending;
  }

  private send(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const events = this.waiting;
    this.waiting = [];
    if (events.length) this.sending = this.sending.then(() => this.tell(events));
  }
}
