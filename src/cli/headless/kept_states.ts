import type { Snapshot } from '../../index.ts';
import { base64 } from './base64.ts';
import type { PackedSnapshot } from './protocol.ts';

/**
 * Sends states one at a time. While one is on its way only the newest waits: however fast epochs pass, the page does not
 * fill up with weights.
 */
export class KeptStates {
  private newest: Promise<Snapshot> | undefined;
  private sending: Promise<void> | undefined;

  constructor(private readonly send: (state: PackedSnapshot) => Promise<unknown>) {}

  add(state: Promise<Snapshot>): void {
    state.catch(() => undefined); // a device that was lost: `fit` says so
    this.newest = state;
    this.sending ??= this.sendAll();
  }

  /** Resolves when the newest has arrived. */
  async sent(): Promise<void> {
    await this.sending;
  }

  private async sendAll(): Promise<void> {
    while (this.newest) {
      const next = this.newest;
      this.newest = undefined;
      const state = await next.catch(() => undefined);
      if (state) await this.send(packSnapshot(state));
    }
    this.sending = undefined;
  }
}

export function packSnapshot({ weights, slots, statistics, ...rest }: Snapshot): PackedSnapshot {
  return {
    ...rest,
    weights: weights.map(base64),
    slots: slots.map(base64),
    ...(statistics && {
      statistics: {
        mean: [...statistics.mean],
        std: [...statistics.std],
        ...(statistics.zca && { zca: base64(statistics.zca) }),
      },
    }),
  };
}
