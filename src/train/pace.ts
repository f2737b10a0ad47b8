import { integer, parse } from '../check.ts';

/**
 * Controls when the steps of a `fit` may run: pauses, single-steps and resumes them. It takes effect with the next submission;
 * up to two are under way, whose records still come. Made by `createPace` and passed to `fit` or `trainPair`, which alone read
 * `allowed`.
 */
export class Pace {
  #allowed: number;
  #changes = new AbortController();

  constructor(paused: boolean) {
    this.#allowed = paused ? 0 : Infinity;
  }

  /** Steps that may still be submitted; Infinity while the run is not paused. */
  get allowed(): number {
    return this.#allowed;
  }

  /** Whether the run is paused and has no steps left of `step`. */
  get paused(): boolean {
    return this.#allowed === 0;
  }

  /** Pauses the run after the steps that are under way. */
  pause(): void {
    this.#allow(0);
  }

  /** Resumes the run. */
  resume(): void {
    this.#allow(Infinity);
  }

  /** Runs this many more steps and then pauses. */
  step(count = 1): void {
    parse(integer(1), count, 'step');
    this.#allow((this.#allowed === Infinity ? 0 : this.#allowed) + count);
  }

  /** Notes that this many steps were submitted. */
  taken(steps: number): void {
    // Infinity stays. The count cannot fall below 0 where a pause came after the steps were submitted.
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

/** Makes the control of a run. @param options with `paused`, no step runs before `resume` or `step`. */
export const createPace = ({ paused = false }: { paused?: boolean } = {}): Pace => new Pace(paused);
