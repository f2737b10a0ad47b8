/** Calls that come while `fit` is under way, and leave training alone: they get their turn between two submissions. */
export class Interludes {
  readonly #waiting: (() => Promise<void>)[] = [];
  #arrivals = new AbortController();

  /** Resolves with the result of `work`, after it had its turn. */
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

  /** Aborts when the next one comes. */
  get arrival(): AbortSignal {
    return this.#arrivals.signal;
  }

  /** One after the other, those that come meanwhile too. */
  async run(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) await next();
  }
}
