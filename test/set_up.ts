import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestProject } from 'vitest/node';
import { ensureChrome } from '../src/cli/get_chrome.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** For what tests write; it goes away with the run. */
    folder: string;
  }
}

/**
 * Before any test: a Chrome, got here once rather than by two tests at the same time, and without a question, since nobody
 * watches the tests.
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
