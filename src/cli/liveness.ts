import type { Browser, CDPSession } from 'puppeteer-core';
import type { WgradError } from '../errors.ts';
import { secondsText, withinTime } from '../time_limit.ts';
import { BrowserSilentError } from './browser_lost_error.ts';

/** Number of checks within the time limit for one answer. */
const looksPerTimeout = 10;
/** Number of checks without a sign of life after which Chrome is considered dead: twice the time limit for one answer. */
const looksWithoutLife = 2 * looksPerTimeout;
/** Fraction of one core: a page that only waits uses less, and one that works uses more. */
const leastWork = 0.01;

/**
 * Ends the wait for a call to the page when Chrome is dead. Training may take days, so it has no time limit; but as long as Chrome
 * is alive, either the page reports progress or its processes use the CPU. If neither happens, the page is waiting for an answer
 * that never comes, or one of Chrome's processes has stopped.
 */
export class Liveness {
  private calls = 0;
  private looking = false;
  private reported = false;
  private session: CDPSession | undefined;

  /** @param timeout time limit in milliseconds for one of Chrome's answers. */
  constructor(
    private readonly browser: Browser,
    private readonly timeout: number,
    private readonly fail: (error: WgradError) => void,
  ) {}

  /** Monitors Chrome until the call has ended. */
  async during<T>(call: Promise<T>): Promise<T> {
    this.calls++;
    if (!this.looking) this.look().catch(() => undefined); // if Chrome has ended, that is reported elsewhere
    try {
      return await call;
    } finally {
      this.calls--;
    }
  }

  /** Must be called whenever the page has sent something. */
  sign(): void {
    this.reported = true;
  }

  /** Counts checks instead of measuring time, because the laptop or this process may be suspended. */
  private async look(): Promise<void> {
    this.looking = true;
    try {
      let [looks, lastWork] = [0, 0];
      const enough = (leastWork * this.timeout * (looksWithoutLife / looksPerTimeout)) / 1000;
      while (this.calls > 0) {
        await new Promise((resolve) => setTimeout(resolve, this.timeout / looksPerTimeout).unref());
        if (this.calls === 0) return;
        const work = await this.secondsOfWork();
        if (this.reported || Math.abs(work - lastWork) >= enough) {
          looks = 0;
          lastWork = work;
          this.reported = false;
        } else if (++looks >= looksWithoutLife) {
          const idle = (this.timeout * looksWithoutLife) / looksPerTimeout;
          this.fail(dead(idle, 'no message from the page, and no work in its process or the GPU process'));
          return;
        }
      }
    } finally {
      this.looking = false;
    }
  }

  /** CPU time of the page's process and the GPU process. */
  private async secondsOfWork(): Promise<number> {
    const answer = (async () => {
      this.session ??= await this.browser.target().createCDPSession();
      return this.session.send('SystemInfo.getProcessInfo');
    })();
    const { processInfo } = await withinTime(answer, this.timeout, () => {
      const error = dead(this.timeout, 'its main process does not answer');
      this.fail(error);
      return error;
    });
    const working = processInfo.filter(({ type }) => type === 'renderer' || type === 'GPU');
    return working.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  }
}

const dead = (milliseconds: number, found: string) =>
  new BrowserSilentError({
    what: `Chrome has shown no sign of life for ${secondsText(milliseconds)}`,
    found,
    expected: 'a Chrome that works or answers',
    fix: "run it again; if that doesn't help, update the GPU's driver or use --adapter software",
  });
