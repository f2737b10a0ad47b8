import { createPace, type Pace } from './pace.ts';

/** How long a round shall last: long enough to keep a fast GPU busy, short enough to be seen as side by side. */
const roundMs = 50;
/** Steps of a round at most. */
const roundMost = 32;

/**
 * Lets several trainers go through an epoch together, in rounds of as many steps each: none begins a round before all have done
 * the one before. How many steps follows from how long they take, which changes nothing of what is computed.
 */
export class LockStep {
  private readonly running = new Set<Pace>();
  private readonly arrived = new Set<Pace>();
  private steps = 1;
  private begun = Number.NaN;

  /** What one of them gives to `fit`. All join before the first `fit`. */
  join(): { pace: Pace; onPause: () => void } {
    const pace = createPace({ paused: true });
    this.running.add(pace);
    return {
      pace,
      onPause: () => {
        this.arrived.add(pace);
        this.goOnTogether();
      },
    };
  }

  /** One of them is through, or has broken off: the others need not wait for it any more. */
  retire(pace: Pace): void {
    this.running.delete(pace);
    this.arrived.delete(pace);
    this.goOnTogether();
  }

  private goOnTogether(): void {
    if (this.arrived.size < this.running.size) return;
    const now = performance.now();
    const stepMs = (now - this.begun) / this.steps;
    if (stepMs > 0) this.steps = Math.max(1, Math.min(roundMost, Math.floor(roundMs / stepMs)));
    this.begun = now;
    this.arrived.clear();
    for (const pace of this.running) pace.step(this.steps);
  }
}
