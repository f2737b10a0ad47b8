import type { Snapshot } from '../train/snapshot.ts';
import { DeliveryTime } from './delivery_time.ts';

/** Why a state was taken. */
export interface StateReason {
  /** It is time for a checkpoint. */
  due?: boolean;
  /** The monitored figure of the epoch that ends with it, if no earlier epoch was better. */
  best?: number;
}

interface Waiting {
  state: Promise<Snapshot>;
  reason: StateReason;
}

/**
 * Delivers states one at a time. While one is being delivered only the newest waits, and the best one: however fast epochs pass,
 * the page does not fill up with weights.
 */
export class NewestState {
  private newest: Waiting | undefined;
  private best: Waiting | undefined;
  private delivering: Promise<void> | undefined;
  private readonly time = new DeliveryTime();

  constructor(private readonly deliver: (state: Snapshot, reason: StateReason) => unknown) {}

  /** Whether there is time for another delivery. */
  get hasTime(): boolean {
    return !this.delivering && this.time.isLeft;
  }

  add(state: Promise<Snapshot>, reason: StateReason = {}): void {
    state.catch(() => undefined); // a lost device, which `fit` reports
    // A checkpoint that was due and is overtaken is the one that overtakes it.
    const waiting = { state, reason: { ...reason, ...((this.newest?.reason.due || reason.due) && { due: true }) } };
    this.newest = waiting;
    if (reason.best !== undefined) this.best = waiting;
    this.delivering ??= this.deliverAll();
  }

  /** Resolves when the newest has been delivered. */
  async delivered(): Promise<void> {
    await this.delivering;
  }

  private async deliverAll(): Promise<void> {
    for (let next = this.next(); next; next = this.next()) {
      const state = await next.state.catch(() => undefined);
      if (!state) continue;
      const { reason } = next;
      await this.time.spend(() => this.deliver(state, reason));
    }
    this.delivering = undefined;
  }

  /** The best one first: it is older, or the same. */
  private next(): Waiting | undefined {
    const next = this.best ?? this.newest;
    if (next === this.newest) this.newest = undefined;
    this.best = undefined;
    return next;
  }
}
