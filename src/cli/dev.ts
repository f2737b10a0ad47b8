import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'puppeteer-core';
import { SetupError } from '../errors.ts';
import { browserTimeout, withinTime } from '../time_limit.ts';
import type { AdapterOptions } from './adapter_options.ts';
import { mayHaveGpu, pageIsLate } from './chrome.ts';
import { closeChrome } from './close_chrome.ts';
import { datasetRoutes, datasetServer, knownDatasets } from './dataset_server.ts';
import { absenceOf } from './datasets.ts';
import { makeDefaultDataset } from './default_dataset.ts';
import { hostTitles } from './hosts/host_names.ts';
import { launchBrowser } from './hosts/launch_browser.ts';
import { Interrupts } from './interrupts.ts';
import { type Served, serve } from './server.ts';
import { shaderUpdates } from './shader_updates.ts';

export interface DevOptions extends AdapterOptions {
  port: number;
  open: boolean;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** `wgrad dev`: serves the page, and opens it in Chrome if there is a screen. Runs until Ctrl-C. */
export async function dev(options: DevOptions): Promise<void> {
  const failure = await makeDefaultDataset();
  if (failure) console.error(`${failure} The page includes a part of it.`);
  const server = await servePage(options);
  let browser: Browser | undefined;
  const close = async () => {
    if (browser) await closeChrome(browser);
    server.close();
  };
  const interrupts = new Interrupts(close);
  const ended = new Promise<void>((resolve) => {
    interrupts.stop = resolve;
  });
  try {
    console.log(`page     ${server.url}`);
    if (!options.open || !hasScreen()) {
      console.log('Open it in Chrome; on Linux, start Chrome with --enable-unsafe-webgpu --enable-features=Vulkan,');
      console.log('and without a GPU with --enable-unsafe-webgpu --use-webgpu-adapter=swiftshader.');
    } else {
      const { adapter, host, chrome, yes, browserTimeout: timeout = browserTimeout } = options;
      const kind = adapter !== 'auto' ? adapter : mayHaveGpu() ? 'hardware' : 'software';
      const name = host === 'firefox' ? host : 'chrome';
      ({ browser } = await launchBrowser(name, { kind, chrome, headless: false, yes, timeout }));
      await withinTime(show(browser, server.url), timeout, () => pageIsLate(timeout, hostTitles[name]));
    }
    console.log('Ctrl-C ends it.');
    await ended;
  } finally {
    interrupts.dispose();
    await close();
  }
}

async function show(browser: Browser, url: string): Promise<void> {
  const [page] = await browser.pages();
  await page!.goto(url, { timeout: 0 });
}

/**
 * Serves the page: in a clone by Vite, so that a saved file is seen at once; from the package, the built page.
 *
 * @param shaders the folder whose shaders the page checks when they are saved.
 */
export async function servePage(
  { port, yes }: Pick<DevOptions, 'port' | 'yes'>,
  shaders = `${root}shaders`,
): Promise<Served> {
  if (existsSync(`${root}src/page/index.html`)) {
    const { createServer } = await import('vite');
    const server = await createServer({
      configFile: `${root}vite.config.ts`,
      // The Vite configuration has this plugin too, but without --yes; `enforce: 'pre'` lets this one answer first.
      plugins: [{ ...datasetServer({ yes }), enforce: 'pre' }, shaderUpdates(shaders)],
      server: { port },
      clearScreen: false,
    });
    await server.listen();
    const url = server.resolvedUrls?.local[0];
    if (url) return { url, close: () => void server.close() };
  }
  const folder = `${root}dist/page`;
  if (!existsSync(folder)) throw new SetupError({ what: 'The page is not built', fix: 'type: npm run build' });
  const routes = datasetRoutes(knownDatasets({ yes }), (name) => absenceOf(name, { yes }));
  return serve(folder, routes, port);
}

function hasScreen(): boolean {
  return process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}
