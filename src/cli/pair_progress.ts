import { SingleBar } from 'cli-progress';
import { clock, fixed } from '../figures.ts';
import type { TwinTold } from './headless/protocol.ts';

const format = 'pair {pair}  epoch {epoch} {bar} {value}/{total}  loss A {a}  B {b}  {left} left';

/** A bar for the pair that runs, with the time that is left for all of them; nothing where the output is no terminal. */
export class PairProgress {
  private bar: SingleBar | undefined;
  private readonly begun = performance.now();
  private pair = 0;
  private losses = { a: Number.NaN, b: Number.NaN };

  /** @param pairs to be trained now. */
  constructor(
    private readonly pairs: number,
    private readonly epochs: number,
    private readonly stream: NodeJS.WriteStream = process.stdout,
  ) {}

  /** Pairs are counted from 0. */
  start(pair: number): void {
    this.pair = pair;
    this.losses = { a: Number.NaN, b: Number.NaN };
    if (!this.stream.isTTY) return;
    this.bar = new SingleBar({
      format,
      stream: this.stream,
      barsize: 20,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      hideCursor: true,
      clearOnComplete: true,
      gracefulExit: false, // Ctrl-C is the command's
      linewrap: false,
    });
  }

  update(told: readonly TwinTold[]): void {
    for (const { twin, loss } of told) this.losses[twin] = loss;
    const last = told.at(-1);
    if (!this.bar || !last) return;
    const { step, steps, epoch } = last;
    const payload = {
      pair: `${this.pair + 1}/${this.pairs}`,
      epoch: `${epoch}/${this.epochs}`,
      a: fixed(this.losses.a),
      b: fixed(this.losses.b),
      left: clock(this.left(this.pair + step / steps)),
    };
    // It starts with its first figures: a bar without them would show the format's braces.
    if (!this.bar.isActive) this.bar.start(steps, step, payload);
    else this.bar.update(step, payload);
  }

  /** Seconds, when so many pairs are done. */
  left(done: number): number {
    return ((performance.now() - this.begun) / 1000 / done) * (this.pairs - done);
  }

  /** Takes the bar away, so that a line can be printed. */
  stop(): void {
    if (this.bar?.isActive) this.bar.stop();
    this.bar = undefined;
  }
}
