import { clock } from '../figures.ts';
import { Bar } from './bar.ts';

/** A progress bar for reading pictures; not shown unless the output is a terminal. */
export class ReadingProgress {
  readonly #bar: Bar;
  readonly #begun = performance.now();

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#bar = new Bar('reading {bar} {value}/{total} pictures  {left} left', stream);
    this.#bar.start();
  }

  update(done: number, total: number): void {
    const left = ((performance.now() - this.#begun) / 1000 / done) * (total - done);
    this.#bar.update(done, total, { left: done > 0 ? clock(left) : '?' });
  }

  stop(): void {
    this.#bar.stop();
  }
}
