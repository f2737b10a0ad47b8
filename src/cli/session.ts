import type { PairState } from '../compare/pair_options.ts';
import type { TrainAndTest } from '../data/index.ts';
import { ConfigurationError, SetupError, WgradError } from '../errors.ts';
import type { AdapterFacts, Snapshot } from '../index.ts';
import { unpackNumbers } from '../json_numbers.ts';
import type { StateReason } from '../session/newest_state.ts';
import { browserTimeout } from '../time_limit.ts';
import type { AdapterOptions } from './adapter_options.ts';
import { mayHaveGpu } from './chrome.ts';
import { datasetRoutes } from './dataset_server.ts';
import { ensureChrome } from './get_chrome.ts';
import type { Outcome, Page } from './headless/protocol.ts';
import { BrowserPage } from './hosts/browser_page.ts';
import { type HostName, isProcess } from './hosts/host_names.ts';
import { HostProcess } from './hosts/host_process.ts';
import type { Listeners, Surface } from './hosts/surface.ts';
import { type PackedSnapshot, unpackSnapshot } from './packed_snapshot.ts';
import { revive } from './page_error.ts';
import { pageFolders } from './page_folders.ts';
import { type ServedFiles, servedFiles } from './served_files.ts';
import { type Served, serve } from './server.ts';

/** The `window.wgrad` of every page that a session controls; its methods return Outcomes. */
export interface Opening {
  open: Page['open'];
}

export interface SessionOptions
  extends Pick<AdapterOptions, 'adapter' | 'host' | 'chrome' | 'browserTimeout' | 'tensorCores'> {
  /** Install a missing browser without asking. */
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

/** A page in a browser, or a process of another host, with an open GPU device: everything that has to be closed together. */
export class Session<P extends Opening = Page> {
  private closing = false;
  adapter!: AdapterFacts;

  private constructor(
    private readonly surface: Surface,
    private readonly server: Served,
    readonly host: HostName,
    /** The kind of the adapter, as passed to the page's `open`. */
    readonly kind: 'software' | 'hardware',
  ) {}

  /** `Chrome/156.0.8078.79` */
  get version(): string {
    return this.surface.version;
  }

  /** For `auto`, tries hardware before software if the machine may have a GPU. */
  static async open<P extends Opening = Page>(options: SessionOptions): Promise<Session<P>> {
    const { adapter, report, yes, host = 'chrome' } = options;
    // Called only once, not again for the next adapter: a missing Chrome may mean a download or a question.
    const chrome = host === 'chrome' ? await ensureChrome(options.chrome, { yes, report }) : undefined;
    const found = { ...options, host, ...(chrome && { chrome }) };
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
    options: SessionOptions & { host: HostName },
  ): Promise<Session<P>> {
    const { browserTimeout: timeout = browserTimeout, host, files = new Map(), page, tensorCores = false } = options;
    const routes = servedFiles(
      files,
      datasetRoutes(async () => options.datasets()),
    );
    const opening = { kind, timeout, tensorCores, listeners: listenersOf(options) };
    let server: Served | undefined;
    let surface: Surface | undefined;
    try {
      if (isProcess(host)) {
        server = await serve([], routes);
        surface = await HostProcess.start({ ...opening, name: host, server });
      } else {
        surface = await BrowserPage.launch({ ...options, ...opening, name: host });
        server = await serve(pageFolders(page), routes);
      }
      await surface.load(server.url);
      const session = new Session<P>(surface, server, host, kind);
      const adapter: AdapterFacts = await (session as Session<Opening>).call('open', kind, timeout, tensorCores);
      // Firefox does not report its adapter; its driver is known if the command has chosen it.
      const { driver } = surface;
      session.adapter = adapter.description || !driver ? adapter : { ...adapter, description: driver };
      return session;
    } catch (error) {
      server?.close();
      await surface?.close();
      if (!surface || !(error instanceof WgradError) || error instanceof ConfigurationError) throw error;
      const tried = `tried ${surface.version} ${surface.startedWith}`;
      const found = 'found' in error.parts ? `${error.parts.found}; ${tried}` : tried;
      throw new SetupError({ ...error.parts, found, fix: surface.howToGet }, { cause: error });
    }
  }

  /** Calls the page, and rethrows its errors here. */
  async call<Name extends Method<P>>(name: Name, ...args: Args<P[Name]>): Promise<ValueOf<P[Name]>> {
    const outcome = await this.surface.call(name, args);
    if ('error' in outcome) throw revive(outcome.error);
    return outcome.value as ValueOf<P[Name]>;
  }

  /** Seconds of processor time that the browser or host has taken so far; undefined if that is unknown. */
  processorSeconds(): number | undefined {
    return this.surface.processorSeconds();
  }

  /** Asks the page to end `fit` after the current step. */
  stop(): void {
    this.surface.stop();
  }

  /** Closes the browser, or ends the process. */
  async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    this.server.close();
    await this.surface.close();
  }
}

/** The functions exposed to the page: only those with a receiver. */
function listenersOf({ tell, keep, keepPair, keepTuning }: SessionOptions): Listeners {
  return {
    wgradEvents: (events: never[]) => tell?.(unpackNumbers(events)),
    ...(keep && { wgradKeep: (state: PackedSnapshot, reason: StateReason) => keep(unpackSnapshot(state), reason) }),
    ...(keepTuning && { wgradKeepTuning: keepTuning }),
    ...(keepPair && {
      wgradKeepPair: (state: PackedSnapshot) => keepPair(unpackSnapshot<PairState>(state)),
    }),
  };
}
