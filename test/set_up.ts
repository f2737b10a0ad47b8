import { ensureChrome } from '../src/cli/get_chrome.ts';

/** Before any test: a Chrome, got here once rather than by two tests at the same time. */
export async function setup(): Promise<void> {
  await ensureChrome();
}
