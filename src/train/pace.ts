import { integer, parse } from '../check.ts';

/**
 * Says when the steps of a `fit` may run: holds them, lets some through, lets them go. It does so from its next submission
 * on; up to two are under way, whose records still come. Made by `createPace`, given to `fit` or `trainPair`, which alone read
 * `allowed`.
 */
export class Pace {
  #allowed: number;
  #changes = new AbortController();

  constructor(paused: boolean) {
    this.#allowed = paused ? 0 : Infinity;
  }

  /** Steps that may still be submitted; Infinity where nothing holds them. */
  get allowed(): number {
    return this.#allowed;
  }

  /** Neither running nor with steps left of `step`. */
  get paused(): boolean {
    return this.#allowed === 0;
  }

  pause(): void {
    this.#allow(0);
  }

  resume(): void {
    this.#allow(Infinity);
  }

  /** Lets so many more steps through and then holds. */
  step(count = 1): void {
    parse(integer(1), count, 'step');
    this.#allow((this.#allowed === Infinity ? 0 : this.#allowed) + count);
  }

  /** So many were submitted. */
  taken(steps: number): void {
    // Infinity stays. A pause that came after they were submitted is none of fewer than no steps.
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

/** @param options `paused` lets no step run before `resume` or `step`. */
export const createPace = ({ paused = false }: { paused?: boolean } = {}): Pace => new Pace(paused);
