import { defineBrowserProvider } from '@vitest/browser';
import type { Browser, Page } from 'puppeteer';
import { launchChrome } from '../src/cli/chrome.ts';
import { closeChrome } from '../src/cli/close_chrome.ts';

/**
 * Runs vitest's tests inside the Chrome that wgrad itself uses. SwiftShader by default, so that a result is the same on
 * every machine; WGRAD_TEST_ADAPTER=hardware takes the GPU.
 */
export const chromeProvider = defineBrowserProvider({
  name: 'wgrad-chrome',
  options: {},
  providerFactory() {
    let browser: Promise<Browser> | undefined;
    const pages = new Map<string, Page>();
    return {
      name: 'wgrad-chrome',
      supportsParallelism: false,
      getCommandsContext: (sessionId) => ({ page: pages.get(sessionId) }),
      async openPage(sessionId, url) {
        browser ??= launchChrome({
          adapter: process.env.WGRAD_TEST_ADAPTER === 'hardware' ? 'hardware' : 'software',
        });
        const page = await (await browser).newPage();
        pages.set(sessionId, page);
        page.on('error', (error) => console.error(`The page of the GPU tests crashed: ${error.message}`));
        await page.goto(url, { timeout: 120_000 });
      },
      async close() {
        const launched = await browser?.catch(() => undefined);
        if (launched) await closeChrome(launched);
        browser = undefined;
        pages.clear();
      },
    };
  },
});
