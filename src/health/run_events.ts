import type { ProbeRecord, RunVerdict, Verdict } from './health.ts';
import type { EpochRecord, StepRecord } from './history.ts';

/** An event of a run in progress. `at` is in ms, by the clock of the training thread; 0 if unknown. */
export type RunEvent =
  | { step: StepRecord; epochSteps: number; at: number }
  | { epoch: EpochRecord }
  | { verdict: Verdict }
  | { runVerdict: RunVerdict }
  | { probe: ProbeRecord };

/** Time in ms over which events are collected before they are sent. */
const bundleMs = 100;

/**
 * Delivers events in bundles, because a message to another process or thread takes about a millisecond, longer than a step of a
 * fast GPU.
 */
export class EventBundler<Item = RunEvent> {
  private waiting: Item[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private sending: Promise<unknown> = Promise.resolve();

  /** @param tell receives a bundle; it is called again only after its promise has resolved. */
  constructor(private readonly tell: (events: Item[]) => unknown) {}

  add(item: Item): void {
    this.waiting.push(item);
    this.timer ??= setTimeout(() => this.send(), bundleMs);
  }

  /** Sends the pending events, and resolves when all have been delivered. */
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
