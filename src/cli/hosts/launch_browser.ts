import type { Browser } from 'puppeteer-core';
import type { InstallOptions } from '../apt.ts';
import { launchChrome } from '../chrome.ts';
import { installLlvmpipe, launchFirefox } from './firefox.ts';
import type { BrowserName } from './host_names.ts';
import { driverTitle, firstDriver, namedDrivers } from './vulkan_drivers.ts';

export interface LaunchOptions extends InstallOptions {
  /** The kind of adapter that the browser offers to WebGPU. */
  kind: 'software' | 'hardware';
  /** Path of the Chrome to start. */
  chrome?: string | undefined;
  /** Offer tensor cores to WebGPU; only Chrome can. */
  tensorCores?: boolean;
  headless?: boolean;
  /** Time limit in milliseconds for the start of the browser. */
  timeout?: number;
}

/** Starts a browser. `driver` describes the Vulkan driver that Firefox was told to use, because Firefox does not report it. */
export async function launchBrowser(
  name: BrowserName,
  { kind, chrome: path, tensorCores, ...how }: LaunchOptions,
): Promise<{ browser: Browser; driver: string | undefined }> {
  if (name === 'chrome') {
    return {
      browser: await launchChrome({
        adapter: kind,
        ...(path && { path }),
        ...(tensorCores && { tensorCores }),
        ...how,
      }),
      driver: undefined,
    };
  }
  const driver = kind === 'software' ? await softwareDriver(how) : namedDrivers();
  const browser = await launchFirefox({ ...how, ...(driver && { driver }) });
  return { browser, driver: driver && driverTitle(driver) };
}

/** llvmpipe, which is installed if the user agrees, or else the driver that comes with Chromium. */
async function softwareDriver(options: InstallOptions): Promise<string | undefined> {
  const find = () => firstDriver(['llvmpipe', 'swiftshader']);
  const found = await find();
  if (found || process.platform !== 'linux') return found;
  await installLlvmpipe(options);
  return find();
}
