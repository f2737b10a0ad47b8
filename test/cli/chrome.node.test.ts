import { describe, expect, test } from 'vitest';
import { chromeFlags } from '../../src/cli/chrome.ts';
import { findChrome } from '../../src/cli/find_chrome.ts';

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
});

test('the software adapter is requested explicitly, and a hardware run never gets it', () => {
  expect(chromeFlags({ adapter: 'software' })).toContain('--use-webgpu-adapter=swiftshader');
  expect(chromeFlags({ adapter: 'hardware' })).not.toContain('--use-webgpu-adapter=swiftshader');
});
