import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
export async function setup(project: TestProject): Promise<() => void> {
  await ensureChrome(undefined, { yes: true });
  const folder = mkdtempSync(join(tmpdir(), 'wgrad-test-'));
  project.provide('folder', folder);
  // A Chrome that ends with its process may still write to its profile.
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}
