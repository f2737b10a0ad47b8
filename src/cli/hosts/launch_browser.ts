import type { Browser } from 'puppeteer-core';
import type { InstallOptions } from '../apt.ts';
import { launchChrome } from '../chrome.ts';
import { installLlvmpipe, launchFirefox } from './firefox.ts';
import type { BrowserName } from './host_names.ts';
import { driverTitle, firstDriver } from './vulkan_drivers.ts';

export interface LaunchOptions extends InstallOptions {
  /** Which kind of adapter the browser shall offer to WebGPU. */
  kind: 'software' | 'hardware';
  /** The Chrome to start. */
  chrome?: string | undefined;
  headless?: boolean;
  /** Milliseconds that the browser may take to start. */
  timeout?: number;
}

/** Starts a browser. `driver` is the Vulkan driver that Firefox was told to take, in words: it does not say which one it has. */
export async function launchBrowser(
  name: BrowserName,
  { kind, chrome: path, ...how }: LaunchOptions,
): Promise<{ browser: Browser; driver: string | undefined }> {
  if (name === 'chrome') {
    return { browser: await launchChrome({ adapter: kind, ...(path && { path }), ...how }), driver: undefined };
  }
  const driver = kind === 'software' ? await softwareDriver(how) : undefined;
  const browser = await launchFirefox({ ...how, ...(driver && { driver }) });
  return { browser, driver: driver && driverTitle(driver) };
}

/** llvmpipe, which is installed where the user agrees, or else the driver that comes with Chromium. */
async function softwareDriver(options: InstallOptions): Promise<string | undefined> {
  const find = () => firstDriver(['llvmpipe', 'swiftshader']);
  const found = await find();
  if (found || process.platform !== 'linux') return found;
  await installLlvmpipe(options);
  return find();
}
