import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestProject } from 'vitest/node';
import { ensureChrome } from '../src/cli/get_chrome.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder for files that tests write. It is removed after the run. */
    folder: string;
  }
}

/**
 * Runs before all tests. Finds or downloads a Chrome, so that two tests do not do so at the same time, and without a question, because
 * nobody may be watching the tests.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await ensureChrome(undefined, { yes: true });
  const folder = mkdtempSync(join(tmpdir(), 'wgrad-test-'));
  project.provide('folder', folder);
  return () => removed(folder);
}

/**
 * Removes a folder. A Chrome that ends with its process may still write to its profile, even into a folder that was emptied a moment ago.
 * `maxRetries` does not empty it again, so everything is tried again.
 */
async function removed(folder: string): Promise<void> {
  for (let tries = 100; ; tries--) {
    try {
      return rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      if (tries === 0) throw error;
      await delay(100);
    }
  }
}
