import { createPace, type Pace } from '../train/pace.ts';

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
  /** Steps of the next round, as far as the pace allows them. */
  private steps = 1;
  /** Steps of the current round, and how many of them were done. */
  private given = 0;
  private done = 0;
  private begun = Number.NaN;
  private isHeld = false;

  /**
   * @param together controls when the steps of all of them may run.
   * @param onHold is called when it lets no more through and all have done theirs.
   */
  constructor(
    private readonly together: Pace = createPace(),
    private readonly onHold?: () => void,
  ) {}

  /** The options that one of them passes to `fit`. All join before the first `fit`. */
  join(): { pace: Pace; onPause: () => void } {
    const pace = createPace({ paused: true });
    this.running.add(pace);
    return {
      pace,
      onPause: () => {
        this.count(pace);
        this.arrived.add(pace);
        this.goOnTogether();
      },
    };
  }

  /** One of them is through, or has broken off: the others need not wait for it any more. */
  retire(pace: Pace): void {
    this.count(pace);
    this.running.delete(pace);
    this.arrived.delete(pace);
    this.goOnTogether();
  }

  /** The last round of an epoch may be of fewer steps than were let through. */
  private count(pace: Pace): void {
    this.done = Math.max(this.done, this.given - pace.allowed);
  }

  private goOnTogether(): void {
    if (this.arrived.size < this.running.size || this.isHeld) return;
    this.together.taken(this.done);
    this.done = 0;
    if (this.running.size === 0) return;
    if (this.together.paused) this.hold();
    else this.go();
  }

  private go(): void {
    const now = performance.now();
    const stepMs = (now - this.begun) / this.given;
    if (stepMs > 0) this.steps = Math.max(1, Math.min(roundMost, Math.floor(roundMs / stepMs)));
    this.begun = now;
    this.given = Math.min(this.steps, this.together.allowed);
    this.arrived.clear();
    for (const pace of this.running) pace.step(this.given);
  }

  private hold(): void {
    this.isHeld = true;
    this.begun = Number.NaN;
    // It may resume at once, in this very call.
    const { changed } = this.together;
    this.onHold?.();
    const goOn = () => {
      this.isHeld = false;
      this.goOnTogether();
    };
    if (changed.aborted) goOn();
    else changed.addEventListener('abort', goOn, { once: true });
  }
}
