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

export interface LivenessOptions {
  /** The name of the browser or host. */
  title: string;
  /** Time limit in milliseconds for one answer. */
  timeout: number;
  /** Seconds of processor time used; undefined if that is unknown, which counts as a sign of life. */
  work: () => Promise<number | undefined>;
  fail: (error: WgradError) => void;
}

/**
 * Ends the wait for a call to the page when the browser is dead. Training may take days, so it has no time limit; but as long as the
 * browser is alive, either the page reports progress or its processes use the CPU. If neither happens, the page is waiting for an
 * answer that never comes, or one of the browser's processes has stopped.
 */
export class Liveness {
  private calls = 0;
  private looking = false;
  private reported = false;

  constructor(private readonly options: LivenessOptions) {}

  /** Monitors the browser until the call has ended. */
  async during<T>(call: Promise<T>): Promise<T> {
    this.calls++;
    if (!this.looking) this.look().catch(() => undefined); // if the browser has ended, that is reported elsewhere
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
    const { timeout, title, fail } = this.options;
    this.looking = true;
    try {
      let [looks, lastWork] = [0, 0];
      const enough = (leastWork * timeout * (looksWithoutLife / looksPerTimeout)) / 1000;
      while (this.calls > 0) {
        await new Promise((resolve) => setTimeout(resolve, timeout / looksPerTimeout).unref());
        if (this.calls === 0) return;
        const work = await this.secondsOfWork();
        if (this.reported || work === undefined || Math.abs(work - lastWork) >= enough) {
          looks = 0;
          lastWork = work ?? lastWork;
          this.reported = false;
        } else if (++looks >= looksWithoutLife) {
          const idle = (timeout * looksWithoutLife) / looksPerTimeout;
          fail(dead(title, idle, 'no message from the page, and no work in its process or the GPU process'));
          return;
        }
      }
    } finally {
      this.looking = false;
    }
  }

  private async secondsOfWork(): Promise<number | undefined> {
    const { work, timeout, title, fail } = this.options;
    return withinTime(work(), timeout, () => {
      const error = dead(title, timeout, 'its main process does not answer');
      fail(error);
      return error;
    });
  }
}

/** CPU time of the page's process and the GPU process. */
export function chromeWork(browser: Browser): () => Promise<number> {
  let session: CDPSession | undefined;
  return async () => {
    session ??= await browser.target().createCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const working = processInfo.filter(({ type }) => type === 'renderer' || type === 'GPU');
    return working.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  };
}

const dead = (title: string, milliseconds: number, found: string) =>
  new BrowserSilentError({
    what: `${title} has not responded for ${secondsText(milliseconds)}`,
    found,
    expected: `a ${title} that works or responds`,
    fix: "run it again; if that does not help, update the GPU's driver or use --adapter software",
  });
