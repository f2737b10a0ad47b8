import type { Browser, CDPSession } from 'puppeteer-core';
import type { WgradError } from '../errors.ts';
import { secondsText, withinTime } from '../time_limit.ts';
import { BrowserSilentError } from './browser_lost_error.ts';

/** Looks at Chrome in the time that it has for one answer. */
const looksPerTimeout = 10;
/** After so many looks without a sign of life it is taken for dead: twice the time for one answer. */
const looksWithoutLife = 2 * looksPerTimeout;
/** Share of one core: a page that only waits uses less, and one that works uses more. */
const leastWork = 0.01;

/**
 * Ends the wait for a call to the page when Chrome is dead. A training may take days, so it has no time limit; but while
 * it is alive, either the page reports or its processes use the CPU. Where neither happens, nothing will: the page waits
 * for an answer that never comes, or one of Chrome's processes has stopped.
 */
export class Liveness {
  private calls = 0;
  private looking = false;
  private reported = false;
  private session: CDPSession | undefined;

  /** @param timeout milliseconds that Chrome may take for one answer. */
  constructor(
    private readonly browser: Browser,
    private readonly timeout: number,
    private readonly fail: (error: WgradError) => void,
  ) {}

  /** Watches Chrome until the call has ended. */
  async during<T>(call: Promise<T>): Promise<T> {
    this.calls++;
    if (!this.looking) this.look().catch(() => undefined); // where Chrome has ended, its end is reported by itself
    try {
      return await call;
    } finally {
      this.calls--;
    }
  }

  /** Call whenever the page has sent something. */
  sign(): void {
    this.reported = true;
  }

  /** Counts looks rather than time: a laptop may sleep, and so may this process. */
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

  /** CPU time of the page's process and of the GPU's. */
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
