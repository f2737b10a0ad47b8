import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Browser } from 'puppeteer';
import { build } from 'vite';
import { inject, vi } from 'vitest';
import { launchChrome } from '../../src/cli/chrome.ts';
import { datasetRoutes, knownDatasets } from '../../src/cli/dataset_server.ts';
import { type Served, serve } from '../../src/cli/server.ts';

export * from './visit.ts';

/** The built page, in Chrome on the software adapter, operated as by a user. */
export interface Studio {
  browser: Browser;
  /** Folder of the built page. */
  folder: string;
  /** @returns the URL of the page, from a server that also answers `routes`; by default it serves only files. */
  serve(routes?: Routes): Promise<string>;
  close(): Promise<void>;
}

export type Routes = Parameters<typeof serve>[1];
export const noRoutes: Routes = (_request, _response, next) => next();
/** The data sets as `wgrad dev` serves them, read once for all tests. */
const ofDev = datasetRoutes(knownDatasets());
export const devRoutes = (): Routes => ofDev;

const configFile = new URL('../../vite.config.ts', import.meta.url).pathname;

/**
 * Builds a page once for all test processes: an existing folder is complete, and the process that creates the lock folder next to
 * it builds.
 */
async function builtPage(root?: string): Promise<string> {
  const folder = join(inject('folder'), root ? `page-${basename(root)}` : 'page');
  const building = `${folder}-building`;
  while (!existsSync(folder)) {
    try {
      mkdirSync(building);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
      continue;
    }
    // Vitest sets NODE_ENV to `test`, with which Vite would create a development build.
    vi.stubEnv('NODE_ENV', 'production');
    try {
      // Another process may have finished it a moment ago.
      if (existsSync(folder)) continue;
      await build({ configFile, mode: 'page', logLevel: 'error', ...(root && { root }), build: { outDir: building } });
      renameSync(building, folder);
    } finally {
      vi.unstubAllEnvs();
      rmSync(building, { recursive: true, force: true });
    }
  }
  return folder;
}

/** One Chrome for all test files of a process. It ends with the process, because they communicate through a pipe. */
let chrome: Promise<Browser> | undefined;

/** URLs of all servers that this Chrome has visited. */
const addresses = new Set<string>();

async function sharedChrome(): Promise<Browser> {
  if (chrome && !(await chrome).connected) chrome = undefined;
  chrome ??= launchChrome({
    adapter: 'software',
    args: [`--user-data-dir=${mkdtempSync(join(inject('folder'), 'chrome-'))}`],
  });
  return chrome;
}

/**
 * Builds the page and starts a Chrome, unless that is done. For `beforeAll`; use `close`, which closes all pages, in `afterAll`.
 *
 * @param root of another page than src/page.
 */
export async function openStudio(root?: string): Promise<Studio> {
  const servers: Served[] = [];
  const [browser, folder] = await Promise.all([sharedChrome(), builtPage(root)]);
  const addressOf = async (routes: Routes): Promise<string> => {
    const server = await serve(folder, routes);
    servers.push(server);
    // Reusing the port of an earlier server would reuse Chrome's stored data for that origin.
    if (addresses.has(server.url)) return addressOf(routes);
    addresses.add(server.url);
    return server.url;
  };
  return {
    browser,
    folder,
    serve: (routes = noRoutes) => addressOf(routes),
    close: async () => {
      // The first page keeps Chrome open.
      const [, ...pages] = await browser.pages();
      for (const page of pages) await page.close();
      for (const server of servers) server.close();
    },
  };
}
