import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chromeFlags } from '../../src/cli/chrome.ts';
import { findChrome } from '../../src/cli/find_chrome.ts';
import { temporaryFolder } from './wgrad.ts';

describe('findChrome', () => {
  test('finds a Chrome that runs', async () => {
    expect(await findChrome()).toMatch(/chrom|edge/i);
  });

  test('a path without a Chrome is an error and is not replaced by another Chrome', async () => {
    await expect(findChrome('/nowhere/chrome')).rejects.toThrow(
      /--chrome does not name a working Chrome.*\n.*no such file/,
    );
    await expect(findChrome(process.execPath)).rejects.toThrow(/does not respond/);
  });

  test.skipIf(process.platform !== 'linux')('starts a Chrome only once to see that it runs', async () => {
    const [path, starts] = ['chrome', 'starts'].map((name) => join(temporaryFolder(), name)) as [string, string];
    const chromeThat = (ends: string) => {
      writeFileSync(path, `#!/bin/sh\necho start >> '${starts}'\n${ends}\n`);
      chmodSync(path, 0o755);
    };
    // One that did not run may have been repaired.
    chromeThat('exit 1');
    for (let i = 0; i < 2; i++) await expect(findChrome(path)).rejects.toThrow(/does not respond/);
    chromeThat('echo Chromium 156.0');
    for (let i = 0; i < 2; i++) expect(await findChrome(path)).toBe(path);
    expect(readFileSync(starts, 'utf8').match(/start/g)).toHaveLength(3);
    rmSync(path);
    await expect(findChrome(path)).rejects.toThrow(/no such file/);
  });
});

test('the software adapter is requested explicitly, and a hardware run never gets it', () => {
  expect(chromeFlags({ adapter: 'software' })).toContain('--use-webgpu-adapter=swiftshader');
  expect(chromeFlags({ adapter: 'hardware' })).not.toContain('--use-webgpu-adapter=swiftshader');
});

test('tensor cores are offered only if they are asked for', () => {
  const nvidia = '--enable-dawn-features=vulkan_enable_f16_on_nvidia';
  for (const adapter of ['software', 'hardware'] as const) {
    expect(chromeFlags({ adapter })).not.toContain(nvidia);
    const flags = chromeFlags({ adapter, tensorCores: true });
    expect(flags).toEqual(expect.arrayContaining([...chromeFlags({ adapter }), nvidia, '--enable-unsafe-webgpu']));
    expect(new Set(flags).size).toBe(flags.length);
  }
});
