import type { Browser, Page as OpenPage } from 'puppeteer-core';
import { WgradError } from '../../errors.ts';
import { withinTime } from '../../time_limit.ts';
import { BrowserLostError } from '../browser_lost_error.ts';
import { adapterFlags, pageIsLate, pagesOf } from '../chrome.ts';
import { closeChrome } from '../close_chrome.ts';
import type { Outcome } from '../headless/protocol.ts';
import { chromeWork, Liveness } from '../liveness.ts';
import { type BrowserName, hostTitles } from './host_names.ts';
import { launchBrowser } from './launch_browser.ts';
import { secondsOfGroup } from './process_time.ts';
import type { Surface, SurfaceOptions } from './surface.ts';

/** Maximum milliseconds between the failure of a call and the event that gives its reason. */
const reasonTimeout = 1000;

const orMoreTime = 'on a slow machine, allow more time with --browser-timeout <seconds>';

/** wgrad starts a browser with the right settings, so either the driver is missing or the browser is too old. */
const advice = {
  hardware:
    "install the GPU's driver (on Linux with Vulkan: vulkaninfo --summary has to list the GPU), " +
    `or use --adapter software, which needs none; ${orMoreTime}`,
  software: {
    chrome: `use Chrome 113 or later: --chrome <path>; ${orMoreTime}`,
    firefox: `install Mesa's driver for the CPU (apt-get install mesa-vulkan-drivers), or use --browser chrome; ${orMoreTime}`,
  },
};

export interface BrowserOptions extends SurfaceOptions {
  name: BrowserName;
  /** Path of the Chrome to start. */
  chrome?: string;
  yes?: boolean;
  report: (line: string) => void;
}

/** A page in a browser. */
export class BrowserPage implements Surface {
  /** Rejects when the page or the browser ends unexpectedly, or hangs. */
  private readonly failure: Promise<never>;
  private readonly liveness: Liveness;
  private readonly page: OpenPage;
  private closing = false;
  version: string;
  readonly startedWith: string;
  readonly howToGet: string;

  private constructor(
    private readonly browser: Browser,
    [page]: OpenPage[],
    private readonly options: BrowserOptions,
    readonly driver: string | undefined,
  ) {
    const { name, kind, timeout, tensorCores } = options;
    const title = hostTitles[name];
    this.page = page!;
    this.version = title;
    const flags = name === 'chrome' ? adapterFlags(kind, tensorCores).join(' ') : driver && `the driver ${driver}`;
    this.startedWith = `with ${flags || 'its default adapter'}`;
    this.howToGet = kind === 'hardware' ? advice.hardware : advice.software[name];
    let reject: (error: WgradError) => void = () => {};
    this.failure = new Promise((_, rejectIt) => {
      reject = rejectIt;
      const fail = (what: string, found: unknown, Kind: typeof WgradError = BrowserLostError) => {
        if (!this.closing) reject(new Kind({ what, found }));
      };
      this.page.once('error', (error) => fail('The page crashed', error.message));
      this.page.once('pageerror', (error) =>
        fail('The page failed', error instanceof Error ? error.stack : error, WgradError),
      );
      this.page.once('close', () => fail('The page was closed', 'closed from outside'));
      browser.once('disconnected', () => fail(`${title} ended`, 'it crashed or was closed'));
    });
    this.failure.catch(() => undefined); // callers that wait for the page race against it
    const work = name === 'chrome' ? chromeWork(browser) : async () => this.processorSeconds();
    this.liveness = new Liveness({ title, timeout, work, fail: reject });
  }

  static async launch(options: BrowserOptions): Promise<BrowserPage> {
    const { name, kind, chrome, yes, report, timeout, tensorCores = false } = options;
    const { browser, driver } = await launchBrowser(name, { kind, chrome, yes, report, timeout, tensorCores });
    try {
      return new BrowserPage(browser, await pagesOf(browser, timeout, hostTitles[name]), options, driver);
    } catch (error) {
      await closeChrome(browser);
      throw error;
    }
  }

  async load(url: string): Promise<void> {
    const { listeners, timeout, name } = this.options;
    const ready = (async () => {
      for (const [name, hear] of Object.entries(listeners)) {
        await this.page.exposeFunction(name, (...args: never[]) => {
          this.liveness.sign();
          hear(...args);
        });
      }
      await this.page.goto(url, { timeout: 0 });
      this.version = await this.browser.version();
    })();
    await withinTime(this.unlessGone(ready), timeout, () => pageIsLate(timeout, hostTitles[name]));
  }

  async call(name: string, args: readonly unknown[]): Promise<Outcome<unknown>> {
    // As JSON, because Puppeteer cuts objects that are nested deeper than a few levels when it drives Firefox.
    const answer = this.page.evaluate(
      async (name, args) => {
        const page = window.wgrad as unknown as Record<string, (...args: unknown[]) => Promise<Outcome<unknown>>>;
        return JSON.stringify(await page[name]!(...args));
      },
      name,
      args as unknown[],
    );
    return JSON.parse(await this.liveness.during(this.unlessGone(answer))) as Outcome<unknown>;
  }

  /**
   * If the page crashes, the work itself is rejected as well, with a less useful error: the reason gets a moment to arrive first.
   */
  private unlessGone<T>(work: Promise<T>): Promise<T> {
    const reasoned = work.catch((error) => {
      if (this.closing) return this.failure;
      const found = error instanceof Error ? error.message : error;
      return withinTime(this.failure, reasonTimeout, () => {
        return new BrowserLostError({ what: 'The page did not answer', found });
      });
    });
    return Promise.race([reasoned, this.failure]);
  }

  processorSeconds(): number | undefined {
    const pid = this.browser.process()?.pid;
    return pid === undefined ? undefined : secondsOfGroup(pid);
  }

  stop(): void {
    this.page.evaluate(() => window.wgrad.stop()).catch(() => undefined);
  }

  async close(): Promise<void> {
    this.closing = true;
    await closeChrome(this.browser);
  }
}
