import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChrome } from '../../src/cli/find_chrome.ts';
import { temporaryFolder } from './wgrad.ts';

const program = fileURLToPath(new URL('faulty_chrome.mjs', import.meta.url));

/** Faults of a Chrome. Faults of an adapter or device do not affect SwiftShader. */
export type Fault =
  | 'adapter never comes'
  | 'device never comes'
  | 'never answers'
  | 'page never opens'
  | 'never closes'
  | 'falls silent in fit'
  | 'ends in fit';

/** Path of a Chrome with a fault, for --chrome. */
export async function faultyChrome(fault: Fault): Promise<string> {
  const chrome = await findChrome();
  return script(`exec '${process.execPath}' '${program}' '${fault}' '${chrome}' "$@"`);
}

/** Path of a Chrome that finds no GPU on any machine, because it sees no Vulkan driver. */
export async function chromeWithoutDrivers(): Promise<string> {
  const none = '/no/such/driver.json';
  return script(`VK_DRIVER_FILES=${none} VK_ICD_FILENAMES=${none} exec '${await findChrome()}' "$@"`);
}

function script(line: string): string {
  const path = join(temporaryFolder(), 'chrome');
  writeFileSync(path, `#!/bin/sh\n${line}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Environment of a machine that has a GPU's device file. */
export const withGpuDevice = {
  NODE_OPTIONS: `--import ${new URL('gpu_device_file.mjs', import.meta.url)}`,
};
