import type { Snapshot } from '../train/snapshot.ts';

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
  /** Milliseconds that the last delivery took, and when it ended. */
  private last = { took: 0, endedAt: Number.NEGATIVE_INFINITY };

  constructor(private readonly deliver: (state: Snapshot, reason: StateReason) => unknown) {}

  /** Whether another delivery would keep within the share of the time that deliveries may take. */
  hasTime(share: number): boolean {
    return !this.delivering && performance.now() - this.last.endedAt >= this.last.took / share;
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
      const begun = performance.now();
      await this.deliver(state, next.reason);
      const endedAt = performance.now();
      this.last = { took: endedAt - begun, endedAt };
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
