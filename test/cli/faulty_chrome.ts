import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChrome } from '../../src/cli/find_chrome.ts';
import { temporaryFolder } from './wgrad.ts';

const program = fileURLToPath(new URL('faulty_chrome.mjs', import.meta.url));

/** What can be wrong with a Chrome. Faults of an adapter or device leave SwiftShader alone. */
export type Fault =
  | 'adapter never comes'
  | 'device never comes'
  | 'never answers'
  | 'page never opens'
  | 'never closes'
  | 'falls silent in fit'
  | 'ends in fit';

/** The path of a Chrome with a fault, for --chrome. */
export async function faultyChrome(fault: Fault): Promise<string> {
  const chrome = await findChrome();
  return script(`exec '${process.execPath}' '${program}' '${fault}' '${chrome}' "$@"`);
}

/** The path of a Chrome that finds no GPU, whatever the machine has: no driver for Vulkan is installed for it. */
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

/** The environment of a machine with the device file of a GPU. */
export const withGpuDevice = {
  NODE_OPTIONS: `--import ${new URL('gpu_device_file.mjs', import.meta.url)}`,
};
