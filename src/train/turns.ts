import { unlessAborted } from '../gpu/unless_aborted.ts';
import type { Engine } from './engine.ts';

/** Runs work as soon as the calls before it allow. */
export type InTurn = <T>(work: (engine: Engine) => Promise<T>) => Promise<T>;

/**
 * Decides when each call of a trainer's methods may use the engine: one at a time, since the GPU's buffers hold a single batch.
 * Callers are rejected immediately when the device is lost or the trainer is disposed; the next turn waits until the work has
 * really ended.
 */
export class Turns {
  /** Returns the current engine, which is a different one after a lost device has been replaced. */
  readonly #engine: () => Promise<Engine>;
  /** Aborts when the device has failed for good. */
  readonly #failure: AbortSignal;
  /** Aborts when the trainer is disposed. */
  readonly #disposal: AbortSignal;
  #last: Promise<unknown> = Promise.resolve();
  /** Number of `fit` calls that have not ended. */
  #fits = 0;

  constructor(engine: () => Promise<Engine>, failure: AbortSignal, disposal: AbortSignal) {
    this.#engine = engine;
    this.#failure = failure;
    this.#disposal = disposal;
  }

  /** Runs work when all earlier calls have ended. */
  readonly alone: InTurn = (work) => {
    const turn = this.#last.then(async () => {
      const engine = await this.#engine();
      this.#disposal.throwIfAborted();
      return work(engine);
    });
    this.#last = turn.catch(() => undefined);
    return this.unlessEnded(turn);
  };

  /** Runs work that doesn't affect training: between two submissions if a `fit` is running, otherwise after all earlier calls. */
  readonly between: InTurn = (work) => {
    if (!this.#fits) return this.alone(work);
    const turn = this.#engine().then((engine) =>
      // The `fit` may have just ended, after which interludes no longer run.
      this.#fits ? engine.interludes.add(() => work(engine)) : this.alone(work),
    );
    return this.unlessEnded(turn);
  };

  /** Runs a `fit`: until it ends, `between` doesn't wait for it. */
  fit<T>(work: (engine: Engine) => Promise<T>): Promise<T> {
    this.#fits++;
    return this.alone(async (engine) => {
      try {
        return await work(engine);
      } finally {
        this.#fits--;
        await (await this.#engine()).interludes.run();
      }
    });
  }

  /** Settles like `work`, or rejects as soon as the device is lost or the trainer is disposed. */
  unlessEnded<T>(work: Promise<T>): Promise<T> {
    return unlessAborted(work, this.#failure, this.#disposal);
  }

  /** Runs `free` after the last call, and after the engine has started or failed to. */
  afterwards(free: () => void): void {
    this.#last = Promise.allSettled([this.#last, this.#engine()]).then(free);
  }
}
