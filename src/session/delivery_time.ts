/** Delivering states takes at most this fraction of the total time, because a state is as large as the network. */
const most = 1 / 20;

/** Limits the time spent on deliveries. */
export class DeliveryTime {
  /** Duration of the last delivery in milliseconds, and when it ended. */
  private took = 0;
  private endedAt = Number.NEGATIVE_INFINITY;

  /** Whether another delivery would stay within the limit. */
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
