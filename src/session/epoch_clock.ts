/** The time of an epoch's steps, without pauses and evaluations. */
export class EpochClock {
  private begun = performance.now();
  private last = this.begun;
  /** Where the next epoch begins. */
  private next: number | undefined;

  /** The next step is the first of an epoch. */
  restart(): void {
    this.next = performance.now();
  }

  stepDone(): void {
    this.last = performance.now();
    if (this.next === undefined) return;
    this.begun = this.next;
    this.next = undefined;
  }

  /** Stands still until something changes. */
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
