import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'puppeteer';
import { build } from 'vite';
import { inject, vi } from 'vitest';
import { launchChrome } from '../../src/cli/chrome.ts';
import { datasetRoutes, knownDatasets } from '../../src/cli/dataset_server.ts';
import { type Served, serve } from '../../src/cli/server.ts';

export * from './visit.ts';

/** The page as it is built, in Chrome on the software adapter, by what a person sees and presses. */
export interface Studio {
  browser: Browser;
  /** Where the page is built. */
  folder: string;
  /** @returns the address of the page, from a server that answers `routes` too: of files alone by default. */
  serve(routes?: Routes): Promise<string>;
  close(): Promise<void>;
}

export type Routes = Parameters<typeof serve>[1];
export const noRoutes: Routes = (_request, _response, next) => next();
/** The data sets as `wgrad dev` has them, read once for all tests. */
const ofDev = datasetRoutes(knownDatasets());
export const devRoutes = (): Routes => ofDev;

const configFile = new URL('../../vite.config.ts', import.meta.url).pathname;

/** Where each page lies that was built, by its root: once for all tests. */
const built = new Map<string | undefined, Promise<string>>();

async function buildPage(root?: string): Promise<string> {
  const folder = mkdtempSync(join(inject('folder'), 'page-'));
  // Vitest says `test`, and Vite would build what is for developing.
  vi.stubEnv('NODE_ENV', 'production');
  try {
    await build({ configFile, mode: 'page', logLevel: 'error', ...(root && { root }), build: { outDir: folder } });
  } finally {
    vi.unstubAllEnvs();
  }
  return folder;
}

/**
 * Builds the page, unless that is done, and starts a Chrome for it. For `beforeAll`; `close` is for `afterAll`.
 *
 * @param root of another page than src/page.
 */
export async function openStudio(root?: string): Promise<Studio> {
  if (!built.has(root)) built.set(root, buildPage(root));
  const servers: Served[] = [];
  const [browser, folder] = await Promise.all([launchChrome({ adapter: 'software' }), built.get(root)!]);
  return {
    browser,
    folder,
    serve: async (routes = noRoutes) => {
      const server = await serve(folder, routes);
      servers.push(server);
      return server.url;
    },
    close: async () => {
      await browser.close();
      for (const server of servers) server.close();
    },
  };
}
