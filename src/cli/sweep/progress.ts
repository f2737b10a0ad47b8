import { MultiBar, type SingleBar } from 'cli-progress';
import { clock } from '../../figures.ts';

const ofTrial = 'trial {trial} {bar} {percentage} %  {text}';
const ofAll = 'all   {trial} {bar} {percentage} %  {text}';
const steps = 1000;

/** A progress bar for each running trial and one for the whole sweep; not shown unless the output is a terminal. */
export class SweepBars {
  private readonly bars: MultiBar | undefined;
  private readonly all: SingleBar | undefined;
  private readonly slots = new Map<number, SingleBar>();

  constructor(stream: NodeJS.WriteStream = process.stdout) {
    if (!stream.isTTY) return;
    this.bars = new MultiBar({
      ...{ stream, barsize: 20, barCompleteChar: '█', barIncompleteChar: '░' },
      ...{ hideCursor: true, clearOnComplete: true, gracefulExit: false, linewrap: false },
    });
    this.all = this.bars.create(steps, 0, { trial: '', text: '' }, { format: ofAll });
  }

  /** @param slot index of the Chrome. @param share progress from 0 to 1. */
  trial(slot: number, trial: string, share: number, text: string): void {
    if (!this.bars) return;
    const payload = { trial, text };
    const bar = this.slots.get(slot) ?? this.bars.create(steps, 0, payload, { format: ofTrial });
    this.slots.set(slot, bar);
    bar.update(Math.round(share * steps), payload);
  }

  total(done: string, share: number, secondsLeft: number): void {
    this.all?.update(Math.round(share * steps), { trial: done, text: `${clock(secondsLeft)} left` });
  }

  /** Prints a line above the bars. */
  print(line: string): void {
    if (this.bars) this.bars.log(`${line}\n`);
    else console.log(line);
  }

  stop(): void {
    this.bars?.stop();
  }
}
