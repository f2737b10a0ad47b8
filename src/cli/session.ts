import { fileURLToPath } from 'node:url';
import type { Browser, Page as ChromePage } from 'puppeteer';
import type { TrainAndTest } from '../data/index.ts';
import { SetupError, WgradError } from '../errors.ts';
import type { AdapterFacts } from '../index.ts';
import { unpackNumbers } from '../json_numbers.ts';
import { launchChrome, mayHaveGpu } from './chrome.ts';
import { datasetRoutes } from './dataset_server.ts';
import type { Outcome, Page } from './headless/protocol.ts';
import { revive } from './page_error.ts';
import { type Served, serve } from './server.ts';

/** What every page that a session drives offers as `window.wgrad`; the answers of its methods are Outcomes. */
export interface Opening {
  open: Page['open'];
}

export interface SessionOptions {
  adapter: 'auto' | 'software' | 'hardware';
  chrome?: string;
  /** The folder beside the command's own that holds the page; `headless` unless given. */
  page?: string;
  /** What the page gets to see of the data; may change until `prepare` is called. */
  datasets: () => TrainAndTest;
  /** What the page tells while it works; which news those are is the page's and the command's. */
  tell?: (news: never[]) => void;
  report: (line: string) => void;
}

type Call = (...args: never[]) => Promise<Outcome<unknown>>;
type Method<P> = { [Name in keyof P]: P[Name] extends Call ? Name : never }[keyof P] & string;
type Args<F> = F extends (...args: infer A) => unknown ? A : never;
type ValueOf<F> = F extends (...args: never[]) => Promise<Outcome<infer Value>> ? Value : never;

/** wgrad starts Chrome with the right flags: what is missing is the driver, or a Chrome that is not too old. */
const howToGet = {
  hardware:
    "install the GPU's driver (on Linux with Vulkan: vulkaninfo --summary has to list the GPU), " +
    'or take --adapter software, which needs none',
  software: 'take a Chrome of version 113 or later: --chrome <path>',
};

/** A Chrome with a page in it and a GPU open in that: everything that has to be closed again. */
export class Session<P extends Opening = Page> {
  /** Rejects when the page or Chrome goes away by itself. */
  private readonly failure: Promise<never>;
  private closing = false;
  adapter!: AdapterFacts;
  /** `Chrome/156.0.8078.79` */
  version = '';

  private constructor(
    private readonly browser: Browser,
    private readonly page: ChromePage,
    private readonly server: Served,
  ) {
    this.failure = new Promise((_, reject) => {
      const fail = (what: string, found: unknown) => {
        if (!this.closing) reject(new WgradError({ what, found }));
      };
      page.once('error', (error) => fail('The page crashed', error.message));
      page.once('pageerror', (error) => fail('The page failed', error instanceof Error ? error.stack : error));
      page.once('close', () => fail('The page was closed', 'closed from outside'));
      browser.once('disconnected', () => fail('Chrome ended', 'it crashed, or somebody ended it'));
    });
    this.failure.catch(() => undefined); // whoever waits for the page races it
  }

  /** Tries hardware before software where `auto` is asked for and the machine may have some. */
  static async open<P extends Opening = Page>(options: SessionOptions): Promise<Session<P>> {
    const { adapter } = options;
    const kinds =
      adapter !== 'auto' ? [adapter] : mayHaveGpu() ? (['hardware', 'software'] as const) : ['software' as const];
    for (const kind of kinds.slice(0, -1)) {
      try {
        return await Session.start<P>(kind, options);
      } catch (error) {
        if (!(error instanceof SetupError)) throw error;
      }
    }
    return Session.start<P>(kinds[kinds.length - 1], options);
  }

  private static async start<P extends Opening>(
    kind: 'software' | 'hardware',
    options: SessionOptions,
  ): Promise<Session<P>> {
    const browser = await launchChrome({ adapter: kind, path: options.chrome, report: options.report });
    let server: Served | undefined;
    try {
      server = await serve(
        fileURLToPath(new URL(`../${options.page ?? 'headless'}`, import.meta.url)),
        datasetRoutes(async () => options.datasets()),
      );
      const [page] = await browser.pages();
      const session = new Session<P>(browser, page, server);
      await page.exposeFunction('wgradTell', (news: never[]) => options.tell?.(unpackNumbers(news)));
      await page.goto(server.url);
      session.version = await browser.version();
      session.adapter = await (session as Session<Opening>).call('open', kind).catch((error) => {
        throw error instanceof SetupError ? new SetupError({ ...error.parts, fix: howToGet[kind] }) : error;
      });
      return session;
    } catch (error) {
      server?.close();
      await browser.close();
      throw error;
    }
  }

  /** Calls the page, and raises here what was raised there. */
  async call<Name extends Method<P>>(name: Name, ...args: Args<P[Name]>): Promise<ValueOf<P[Name]>> {
    const answer = this.page.evaluate(
      (name, args) => (window.wgrad as unknown as Record<string, Call>)[name](...(args as never[])),
      name as string,
      args as unknown[],
    );
    // A page that goes away also rejects the call itself, with less to say: let the reason come first.
    answer.catch(() => undefined);
    const outcome = await Promise.race([answer.catch(() => this.failure), this.failure]);
    if ('error' in outcome) throw revive(outcome.error);
    return outcome.value as ValueOf<P[Name]>;
  }

  /** Asks the page to end `fit` after the step that it is in. */
  stop(): void {
    this.page.evaluate(() => window.wgrad.stop()).catch(() => undefined);
  }

  /** Leaves no Chrome behind: one that does not close within five seconds is killed. */
  async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    this.server.close();
    const kill = setTimeout(() => this.browser.process()?.kill('SIGKILL'), 5000);
    await this.browser.close().catch(() => undefined);
    clearTimeout(kill);
  }
}
