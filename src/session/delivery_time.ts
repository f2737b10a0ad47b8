/** Deliveries of states take no more than this share of all time: a state is as large as the network. */
const most = 1 / 20;

/** The time that deliveries take. */
export class DeliveryTime {
  /** Milliseconds that the last one took, and when it ended. */
  private took = 0;
  private endedAt = Number.NEGATIVE_INFINITY;

  /** Whether another delivery would keep within the share. */
  get isLeft(): boolean {
    return performance.now() - this.endedAt >= this.took / most;
  }

  async spend(delivery: () => unknown): Promise<void> {
    const begun = performance.now();
    await delivery();
    this.endedAt = performance.now();
    this.took = this.endedAt - begun;
  }
}
