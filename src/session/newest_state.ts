import type { Snapshot } from '../train/snapshot.ts';
import { DeliveryTime } from './delivery_time.ts';

/** Why a state was captured. */
export interface StateReason {
  /** A checkpoint is due. */
  due?: boolean;
  /** The monitored value of the epoch that ends with this state, if no earlier epoch was better. */
  best?: number;
}

interface Waiting {
  state: Promise<Snapshot>;
  reason: StateReason;
}

/**
 * Delivers states one at a time. While one is being delivered, only the newest and the best are queued, so weights do not pile up in memory
 * however short the epochs are.
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
    state.catch(() => undefined); // fit reports a lost device
    // If a checkpoint was due and a newer state replaces it, the newer state becomes the checkpoint.
    const waiting = { state, reason: { ...reason, ...((this.newest?.reason.due || reason.due) && { due: true }) } };
    this.newest = waiting;
    if (reason.best !== undefined) this.best = waiting;
    this.delivering ??= this.deliverAll();
  }

  /** Resolves when the newest state has been delivered. */
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

  /** The best state is delivered first, because it is older than the newest state, or the same. */
  private next(): Waiting | undefined {
    const next = this.best ?? this.newest;
    if (next === this.newest) this.newest = undefined;
    this.best = undefined;
    return next;
  }
}
