import { SingleBar } from 'cli-progress';

/** A progress bar that is there only where the output is a terminal, and only once there is something to show. */
export class Bar {
  private bar: SingleBar | undefined;

  /** @param format cli-progress': `{bar}`, `{value}`, `{total}` and the names of what `update` gets. */
  constructor(
    private readonly format: string,
    private readonly stream: NodeJS.WriteStream,
  ) {}

  start(): void {
    if (!this.stream.isTTY) return;
    this.bar = new SingleBar({
      format: this.format,
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

  update(value: number, total: number, payload: Record<string, string | number>): void {
    if (!this.bar) return;
    // It starts with its first figures: a bar without them would show the format's braces.
    if (!this.bar.isActive) this.bar.start(total, value, payload);
    else this.bar.update(value, payload);
  }

  /** Takes the bar away, so that a line can be printed. */
  stop(): void {
    if (this.bar?.isActive) this.bar.stop();
    this.bar = undefined;
  }
}
