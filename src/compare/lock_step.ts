import { createPace, type Pace } from '../train/pace.ts';

/** Target duration of a round: long enough to keep a fast GPU busy, short enough that both seem to run side by side. */
const roundMs = 50;
/** Maximum number of steps per round. */
const roundMost = 32;

/**
 * Runs an epoch of several trainers in lock-step, in rounds with equal numbers of steps. No trainer begins a round before all have finished
 * the previous one. The number of steps follows from their duration and does not affect the results.
 */
export class LockStep {
  private readonly running = new Set<Pace>();
  private readonly arrived = new Set<Pace>();
  /** Steps of the next round, limited to what the pace allows. */
  private steps = 1;
  /** Steps of the current round, and how many of them are done. */
  private given = 0;
  private done = 0;
  private begun = Number.NaN;
  private isHeld = false;

  /**
   * @param together controls when the steps of all trainers may run.
   * @param onHold is called when the pace allows no more steps and all allowed ones are done.
   */
  constructor(
    private readonly together: Pace = createPace(),
    private readonly onHold?: () => void,
  ) {}

  /** The options that a trainer passes to `fit`. All trainers join before the first `fit`. */
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

  /** A trainer is done or has broken off, so the others no longer wait for it. */
  retire(pace: Pace): void {
    this.count(pace);
    this.running.delete(pace);
    this.arrived.delete(pace);
    this.goOnTogether();
  }

  /** The last round of an epoch may have fewer steps than were allowed. */
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
    // onHold may release the pace at once, within this call.
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
