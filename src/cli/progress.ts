import { SingleBar } from 'cli-progress';
import { clock, fixed } from '../figures.ts';
import type { TrainingLog } from '../train/training_log.ts';

const format = 'epoch {epoch} {bar} {value}/{total}  loss {loss}  accuracy {accuracy}  {rate} images/s  {left} left';

/** A bar for the epoch that runs; nothing where the output is no terminal. */
export class Progress {
  private bar: SingleBar | undefined;
  private runStarted = 0;

  constructor(
    private readonly epochs: number,
    private readonly stepsPerEpoch: number,
    private readonly stream: NodeJS.WriteStream = process.stdout,
  ) {}

  start(): void {
    this.runStarted ||= performance.now();
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

  update(log: TrainingLog): void {
    const now = log.unfinished;
    if (!this.bar || !now) return;
    const done = (log.epochs.length + now.steps / this.stepsPerEpoch) / this.epochs;
    const left = ((performance.now() - this.runStarted) / 1000 / done) * (1 - done);
    const payload = {
      epoch: `${now.epoch}/${this.epochs}`,
      loss: fixed(now.loss),
      accuracy: fixed(now.accuracy),
      rate: now.imagesPerSecond ? Math.round(now.imagesPerSecond) : '...',
      left: clock(left),
    };
    // It starts with its first figures: a bar without them would show the format's braces.
    if (!this.bar.isActive) this.bar.start(this.stepsPerEpoch, now.steps, payload);
    else this.bar.update(now.steps, payload);
  }

  /** Takes the bar away, so that a line can be printed. */
  stop(): void {
    if (this.bar?.isActive) this.bar.stop();
    this.bar = undefined;
  }
}
