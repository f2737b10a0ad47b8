/**
 * npm forwards the Ctrl-C that the terminal has already sent to its child, so a second one within this time is the same keypress.
 */
const sameKeypress = 500;

/**
 * Handles the signals that a command receives. The first Ctrl-C calls `stop` if it is set; the second, or a SIGTERM or SIGHUP,
 * calls `save` and `quit` and ends the process with 128 + the signal's number, as shells expect.
 */
export class Interrupts {
  /** Set while Ctrl-C can stop something. */
  stop: (() => void) | undefined;
  /** Saves data that would otherwise be lost when the process ends. */
  save: (() => void) | undefined;
  private interrupted = 0;

  /** @param quit closes what the process has opened. It can be replaced when that changes. */
  constructor(public quit: () => Promise<void>) {
    process.on('SIGINT', this.onInterrupt);
    process.on('SIGTERM', this.onTerminate);
    process.on('SIGHUP', this.onHangUp);
  }

  private onInterrupt = () => {
    const since = performance.now() - this.interrupted;
    if (this.interrupted && since < sameKeypress) return;
    const first = this.interrupted === 0;
    this.interrupted = performance.now();
    if (first && this.stop) this.stop();
    else this.end(130);
  };

  private onTerminate = () => this.end(143);
  private onHangUp = () => this.end(129);

  private end(code: number): void {
    try {
      this.save?.();
    } catch (error) {
      console.error(`error: ${(error as Error).message}`);
    }
    this.quit().finally(() => process.exit(code));
  }

  dispose(): void {
    process.off('SIGINT', this.onInterrupt);
    process.off('SIGTERM', this.onTerminate);
    process.off('SIGHUP', this.onHangUp);
  }
}
