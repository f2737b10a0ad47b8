import { clock, fixed } from '../figures.ts';
import { Bar } from './bar.ts';
import type { TwinEvent } from './headless/protocol.ts';

const format = 'pair {pair}  epoch {epoch} {bar} {value}/{total}  loss A {a}  B {b}  {left} left';

/** A progress bar for the running pair, with the remaining time of all pairs; not shown unless the output is a terminal. */
export class PairProgress {
  private readonly bar: Bar;
  private readonly begun = performance.now();
  private pair = 0;
  private losses = { a: Number.NaN, b: Number.NaN };

  /** @param pairs number of pairs to be trained in this call. */
  constructor(
    private readonly pairs: number,
    private readonly epochs: number,
    stream: NodeJS.WriteStream = process.stdout,
  ) {
    this.bar = new Bar(format, stream);
  }

  /** Pairs are counted from 0. */
  start(pair: number): void {
    this.pair = pair;
    this.losses = { a: Number.NaN, b: Number.NaN };
    this.bar.start();
  }

  update(events: readonly TwinEvent[]): void {
    for (const { twin, loss } of events) this.losses[twin] = loss;
    const last = events.at(-1);
    if (!last) return;
    const { step, steps, epoch } = last;
    const payload = {
      pair: `${this.pair + 1}/${this.pairs}`,
      epoch: `${epoch}/${this.epochs}`,
      a: fixed(this.losses.a),
      b: fixed(this.losses.b),
      left: clock(this.left(this.pair + step / steps)),
    };
    this.bar.update(step, steps, payload);
  }

  /** Estimates the remaining seconds after `done` pairs. */
  left(done: number): number {
    return ((performance.now() - this.begun) / 1000 / done) * (this.pairs - done);
  }

  /** Removes the bar, so that a line can be printed. */
  stop(): void {
    this.bar.stop();
  }
}
