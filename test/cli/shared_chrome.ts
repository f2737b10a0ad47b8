import type { Browser } from 'puppeteer-core';
import { type ChromeOptions, launchChrome } from '../../src/cli/chrome.ts';

/** One Chrome for all commands of this process. It ends with the process, because they communicate through a pipe. */
let chrome: Promise<Browser> | undefined;

async function sharedChrome(): Promise<Browser> {
  if (chrome && !(await chrome).connected) chrome = undefined;
  chrome ??= launchChrome({ adapter: 'software' });
  return chrome;
}

/**
 * Poses as a separate Chrome for a command: a page of the shared one that shares nothing with other pages and is the only one that
 * the command sees. Closing the Chrome closes that page. Undefined for another adapter or another Chrome.
 */
export async function pageOfSharedChrome({ adapter, path, headless }: ChromeOptions): Promise<Browser | undefined> {
  if (adapter !== 'software' || headless === false) return undefined;
  const browser = await sharedChrome();
  if (path !== undefined && path !== browser.process()?.spawnfile) return undefined;
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const own: Partial<Browser> = {
    pages: async () => [page],
    process: () => null,
    close: () => context.close(),
  };
  return new Proxy(browser, {
    get(_, name) {
      if (name in own) return own[name as keyof Browser];
      const value = Reflect.get(browser, name);
      return typeof value === 'function' ? value.bind(browser) : value;
    },
  });
}
