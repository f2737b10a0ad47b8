import type { Browser, Page as ChromePage } from 'puppeteer-core';
import type { PairState } from '../compare/twins.ts';
import type { TrainAndTest } from '../data/index.ts';
import { ConfigurationError, SetupError, WgradError } from '../errors.ts';
import type { AdapterFacts, Snapshot } from '../index.ts';
import { unpackNumbers } from '../json_numbers.ts';
import type { StateReason } from '../session/newest_state.ts';
import { browserTimeout, withinTime } from '../time_limit.ts';
import { BrowserLostError } from './browser_lost_error.ts';
import { adapterFlags, launchChrome, mayHaveGpu, pageIsLate } from './chrome.ts';
import { closeChrome } from './close_chrome.ts';
import { datasetRoutes } from './dataset_server.ts';
import { ensureChrome } from './get_chrome.ts';
import type { Outcome, Page } from './headless/protocol.ts';
import { Liveness } from './liveness.ts';
import { type PackedSnapshot, unpackSnapshot } from './packed_snapshot.ts';
import { revive } from './page_error.ts';
import { pageFolders } from './page_folders.ts';
import { type ServedFiles, servedFiles } from './served_files.ts';
import { type Served, serve } from './server.ts';

/** The `window.wgrad` of every page that a session controls; its methods return Outcomes. */
export interface Opening {
  open: Page['open'];
}

export interface SessionOptions {
  adapter: 'auto' | 'software' | 'hardware';
  chrome?: string;
  /** Time limit in milliseconds for each of Chrome's answers. */
  browserTimeout?: number;
  /** Install a missing Chrome without asking. */
  yes?: boolean;
  /** The folder of the page, next to the command's own; `headless` by default. */
  page?: string;
  /** The data that the page can fetch; it may change until `prepare` is called. */
  datasets: () => TrainAndTest;
  /** Receives the events of the page; their type depends on the page and the command. */
  tell?: (events: never[]) => void;
  /** Receives the states of a `fit` with `keep`, each after all earlier events. */
  keep?: (state: Snapshot, reason: StateReason) => void;
  /** Receives the states of a pair of twins during training. */
  keepPair?: (state: PairState) => void;
  /** Receives the tuner's results, kernel by kernel. */
  keepTuning?: (cache: string) => void;
  /** Further files that the page may fetch. */
  files?: ServedFiles;
  report: (line: string) => void;
}

type Call = (...args: never[]) => Promise<Outcome<unknown>>;
type Method<P> = { [Name in keyof P]: P[Name] extends Call ? Name : never }[keyof P] & string;
type Args<F> = F extends (...args: infer A) => unknown ? A : never;
type ValueOf<F> = F extends (...args: never[]) => Promise<Outcome<infer Value>> ? Value : never;

/** Maximum milliseconds between the failure of a call and the event that gives its reason. */
const reasonTimeout = 1000;

/** wgrad starts Chrome with the right flags, so either the driver is missing or Chrome is too old. */
const howToGet = {
  hardware:
    "install the GPU's driver (on Linux with Vulkan: vulkaninfo --summary has to list the GPU), " +
    'or take --adapter software, which needs none; on a slow machine allow more time with --browser-timeout <seconds>',
  software:
    'take a Chrome of version 113 or later: --chrome <path>; ' +
    'on a slow machine allow more time with --browser-timeout <seconds>',
};

/** A Chrome with a page and an open GPU device: everything that has to be closed together. */
export class Session<P extends Opening = Page> {
  /** Rejects when the page or Chrome ends unexpectedly, or hangs. */
  private readonly failure: Promise<never>;
  private readonly liveness: Liveness;
  private closing = false;
  adapter!: AdapterFacts;
  /** The kind of the adapter, as passed to the page's `open`. */
  kind!: 'software' | 'hardware';
  /** `Chrome/156.0.8078.79` */
  version = '';

  private constructor(
    private readonly browser: Browser,
    private readonly page: ChromePage,
    private readonly server: Served,
    timeout: number,
  ) {
    let reject: (error: WgradError) => void = () => {};
    this.failure = new Promise((_, rejectIt) => {
      reject = rejectIt;
      const fail = (what: string, found: unknown, Kind: typeof WgradError = BrowserLostError) => {
        if (!this.closing) reject(new Kind({ what, found }));
      };
      page.once('error', (error) => fail('The page crashed', error.message));
      page.once('pageerror', (error) =>
        fail('The page failed', error instanceof Error ? error.stack : error, WgradError),
      );
      page.once('close', () => fail('The page was closed', 'closed from outside'));
      browser.once('disconnected', () => fail('Chrome ended', 'it crashed or was closed'));
    });
    this.failure.catch(() => undefined); // callers that wait for the page race against it
    this.liveness = new Liveness(browser, timeout, reject);
  }

  /** For `auto`, tries hardware before software if the machine may have a GPU. */
  static async open<P extends Opening = Page>(options: SessionOptions): Promise<Session<P>> {
    const { adapter, report, yes } = options;
    // Called only once, not again for the next adapter: a missing Chrome may mean a download or a question.
    const chrome = await ensureChrome(options.chrome, { yes, report });
    const found = { ...options, chrome };
    const kinds =
      adapter !== 'auto' ? [adapter] : mayHaveGpu() ? (['hardware', 'software'] as const) : ['software' as const];
    for (const kind of kinds.slice(0, -1)) {
      try {
        return await Session.start<P>(kind, found);
      } catch (error) {
        if (!(error instanceof SetupError)) throw error;
        options.report(`No ${kind} adapter: ${error.parts.what}. Continuing with the software adapter.`);
      }
    }
    return Session.start<P>(kinds[kinds.length - 1]!, found);
  }

  private static async start<P extends Opening>(
    kind: 'software' | 'hardware',
    options: SessionOptions,
  ): Promise<Session<P>> {
    const { browserTimeout: timeout = browserTimeout, chrome: path, yes, report } = options;
    const browser = await launchChrome({ adapter: kind, path, yes, report, timeout });
    let server: Served | undefined;
    let version = 'Chrome';
    try {
      server = await serve(
        pageFolders(options.page),
        servedFiles(
          options.files ?? new Map(),
          datasetRoutes(async () => options.datasets()),
        ),
      );
      const opened = Session.openPage<P>(browser, server, options, timeout);
      const session = await withinTime(opened, timeout, () => pageIsLate(timeout));
      version = session.version;
      session.kind = kind;
      session.adapter = await (session as Session<Opening>).call('open', kind, timeout);
      return session;
    } catch (error) {
      server?.close();
      await closeChrome(browser);
      if (!(error instanceof WgradError) || error instanceof ConfigurationError) throw error;
      const tried = `tried ${version} with ${adapterFlags(kind).join(' ') || 'its own choice of adapter'}`;
      const found = 'found' in error.parts ? `${error.parts.found}; ${tried}` : tried;
      throw new SetupError({ ...error.parts, found, fix: howToGet[kind] }, { cause: error });
    }
  }

  private static async openPage<P extends Opening>(
    browser: Browser,
    server: Served,
    { tell, keep, keepPair, keepTuning }: SessionOptions,
    timeout: number,
  ): Promise<Session<P>> {
    const [page] = await browser.pages();
    const session = new Session<P>(browser, page!, server, timeout);
    const ready = (async () => {
      await page!.exposeFunction('wgradEvents', (events: never[]) => {
        session.liveness.sign();
        tell?.(unpackNumbers(events));
      });
      if (keep) {
        await page!.exposeFunction('wgradKeep', (state: PackedSnapshot, reason: StateReason) => {
          session.liveness.sign();
          keep(unpackSnapshot(state), reason);
        });
      }
      if (keepTuning) {
        await page!.exposeFunction('wgradKeepTuning', (cache: string) => {
          session.liveness.sign();
          keepTuning(cache);
        });
      }
      if (keepPair) {
        await page!.exposeFunction('wgradKeepPair', (state: PackedSnapshot) => {
          session.liveness.sign();
          keepPair(unpackSnapshot<PairState>(state));
        });
      }
      await page!.goto(server.url, { timeout: 0 });
      session.version = await browser.version();
    })();
    await session.unlessGone(ready);
    return session;
  }

  /** Calls the page, and rethrows its errors here. */
  async call<Name extends Method<P>>(name: Name, ...args: Args<P[Name]>): Promise<ValueOf<P[Name]>> {
    const answer = this.page.evaluate(
      (name, args) => (window.wgrad as unknown as Record<string, Call>)[name]!(...(args as never[])),
      name as string,
      args as unknown[],
    );
    const outcome = await this.liveness.during(this.unlessGone(answer));
    if ('error' in outcome) throw revive(outcome.error);
    return outcome.value as ValueOf<P[Name]>;
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

  /** Asks the page to end `fit` after the current step. */
  stop(): void {
    this.page.evaluate(() => window.wgrad.stop()).catch(() => undefined);
  }

  async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    this.server.close();
    await closeChrome(this.browser);
  }
}
