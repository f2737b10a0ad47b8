import { SingleBar } from 'cli-progress';

/** A progress bar that is shown only on a terminal, and only once it has values. */
export class Bar {
  private bar: SingleBar | undefined;

  /** @param format in the syntax of cli-progress: `{bar}`, `{value}`, `{total}` and the names in the payload of `update`. */
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
      gracefulExit: false, // the command handles Ctrl-C
      linewrap: false,
    });
  }

  update(value: number, total: number, payload: Record<string, string | number>): void {
    if (!this.bar) return;
    // The bar starts with its first values: without them it would show the format's braces.
    if (!this.bar.isActive) this.bar.start(total, value, payload);
    else this.bar.update(value, payload);
  }

  /** Removes the bar, so that a line can be printed. */
  stop(): void {
    if (this.bar?.isActive) this.bar.stop();
    this.bar = undefined;
  }
}
