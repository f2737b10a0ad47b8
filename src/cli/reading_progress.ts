import { clock } from '../figures.ts';
import { Bar } from './bar.ts';

/** A bar for the pictures that are being read; nothing where the output is no terminal. */
export class ReadingProgress {
  readonly #bar: Bar;
  readonly #begun = performance.now();

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#bar = new Bar('reading {bar} {value}/{total} pictures  {left} left', stream);
    this.#bar.start();
  }

  update(done: number, total: number): void {
    const left = ((performance.now() - this.#begun) / 1000 / done) * (total - done);
    this.#bar.update(done, total, { left: clock(left) });
  }

  stop(): void {
    this.#bar.stop();
  }
}
