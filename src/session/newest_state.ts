import type { Snapshot } from '../train/snapshot.ts';

/**
 * Delivers states one at a time. While one is being delivered only the newest waits: however fast epochs pass, the page does
 * not fill up with weights.
 */
export class NewestState {
  private newest: Promise<Snapshot> | undefined;
  private delivering: Promise<void> | undefined;

  constructor(private readonly deliver: (state: Snapshot) => unknown) {}

  add(state: Promise<Snapshot>): void {
    state.catch(() => undefined); // a lost device, which `fit` reports
    this.newest = state;
    this.delivering ??= this.deliverAll();
  }

  /** Resolves when the newest has been delivered. */
  async delivered(): Promise<void> {
    await this.delivering;
  }

  private async deliverAll(): Promise<void> {
    while (this.newest) {
      const next = this.newest;
      this.newest = undefined;
      const state = await next.catch(() => undefined);
      if (state) await this.deliver(state);
    }
    this.delivering = undefined;
  }
}
