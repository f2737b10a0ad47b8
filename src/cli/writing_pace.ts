/** The training time between two writes is at least this many times the duration of a write. */
const trainingPerWriting = 20;

/** Decides when a state may be written again, so that writing never slows training down. */
export class WritingPace {
  private free = 0;

  get isDue(): boolean {
    return performance.now() >= this.free;
  }

  /** @param milliseconds duration of the last write. */
  took(milliseconds: number): void {
    this.free = performance.now() + trainingPerWriting * milliseconds;
  }
}
