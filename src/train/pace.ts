import { integer, parse } from '../check.ts';

/**
 * Pauses, resumes and single-steps a `fit`. Calls take effect with the next submission; up to two may be in flight, whose
 * records are still reported. Created by `createPace` and passed to `fit` or `trainPair`, the only readers of `allowed`.
 */
export class Pace {
  #allowed: number;
  #changes = new AbortController();

  constructor(paused: boolean) {
    this.#allowed = paused ? 0 : Infinity;
  }

  /** Number of steps that may still be submitted; Infinity unless the run is paused. */
  get allowed(): number {
    return this.#allowed;
  }

  /** True if the run is paused and has no steps left from `step`. */
  get paused(): boolean {
    return this.#allowed === 0;
  }

  /** Pauses the run after the steps in flight. */
  pause(): void {
    this.#allow(0);
  }

  /** Resumes the run. */
  resume(): void {
    this.#allow(Infinity);
  }

  /** Runs this many more steps, then pauses. */
  step(count = 1): void {
    parse(integer(1), count, 'step');
    this.#allow((this.#allowed === Infinity ? 0 : this.#allowed) + count);
  }

  /** Records that this many steps were submitted. */
  taken(steps: number): void {
    // Infinity stays Infinity. The count must not fall below 0 if a pause came after the steps were submitted.
    this.#allowed = Math.max(0, this.#allowed - steps);
  }

  /** Aborts at the next `pause`, `resume` or `step`. */
  get changed(): AbortSignal {
    return this.#changes.signal;
  }

  #allow(steps: number): void {
    this.#allowed = steps;
    const before = this.#changes;
    this.#changes = new AbortController();
    before.abort();
  }
}

/** Creates a `Pace`. @param options with `paused`, no step runs before `resume` or `step`. */
export const createPace = ({ paused = false }: { paused?: boolean } = {}): Pace => new Pace(paused);
