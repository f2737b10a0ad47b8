import { clock, fixed } from '../figures.ts';
import { measureName, measureValue } from '../health/metric.ts';
import type { TrainingLog } from '../health/training_log.ts';
import { Bar } from './bar.ts';

const format = 'epoch {epoch} {bar} {value}/{total}  loss {loss}  {metric} {measured}  {rate} images/s  {left} left';

/** A progress bar for the current epoch; not shown unless the output is a terminal. */
export class Progress {
  private readonly bar: Bar;
  private runStarted = 0;

  constructor(
    private readonly epochs: number,
    private readonly stepsPerEpoch: number,
    stream: NodeJS.WriteStream = process.stdout,
  ) {
    this.bar = new Bar(format, stream);
  }

  start(): void {
    this.runStarted ||= performance.now();
    this.bar.start();
  }

  update(log: TrainingLog): void {
    const now = log.unfinished;
    if (!now) return;
    const done = (log.epochs.length + now.steps / this.stepsPerEpoch) / this.epochs;
    const left = ((performance.now() - this.runStarted) / 1000 / done) * (1 - done);
    const payload = {
      epoch: `${now.epoch}/${this.epochs}`,
      loss: fixed(now.loss),
      metric: measureName(now),
      measured: fixed(measureValue(now)),
      rate: now.imagesPerSecond ? Math.round(now.imagesPerSecond) : '...',
      left: clock(left),
    };
    this.bar.update(now.steps, this.stepsPerEpoch, payload);
  }

  /** Removes the bar, so that a line can be printed. */
  stop(): void {
    this.bar.stop();
  }
}
