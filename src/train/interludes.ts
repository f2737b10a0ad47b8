/** Calls that arrive during a `fit` and don't affect training: they run between two submissions. */
export class Interludes {
  readonly #waiting: (() => Promise<void>)[] = [];
  #arrivals = new AbortController();

  /** Resolves with the result of `work` once it has run. */
  add<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => work().then(resolve, reject));
      const before = this.#arrivals;
      this.#arrivals = new AbortController();
      before.abort();
    });
  }

  get areWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Aborts when the next call arrives. */
  get arrival(): AbortSignal {
    return this.#arrivals.signal;
  }

  /** Runs them one after the other, including those that arrive in the meantime. */
  async run(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) await next();
  }
}
