/** Measures the time of an epoch's steps, without pauses and evaluations. */
export class EpochClock {
  private begun = performance.now();
  private last = this.begun;
  /** Start time of the next epoch. */
  private next: number | undefined;

  /** Called when the next step is the first of an epoch. */
  restart(): void {
    this.next = performance.now();
  }

  stepDone(): void {
    this.last = performance.now();
    if (this.next === undefined) return;
    this.begun = this.next;
    this.next = undefined;
  }

  /** Stops the clock until the signal is aborted. */
  hold(changed: AbortSignal): void {
    const since = performance.now();
    const goOn = () => {
      const ms = performance.now() - since;
      if (this.next === undefined) this.begun += ms;
      else this.next += ms;
    };
    changed.addEventListener('abort', goOn, { once: true });
  }

  get seconds(): number {
    return (this.last - this.begun) / 1000;
  }
}
