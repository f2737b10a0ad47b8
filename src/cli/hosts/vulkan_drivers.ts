import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { findChrome } from '../find_chrome.ts';

/** Vulkan drivers for the CPU: Chrome's and Mesa's. */
export const driverNames = ['swiftshader', 'llvmpipe'] as const;
export type DriverName = (typeof driverNames)[number];

/** How to install a driver. */
export const driverAdvice: Record<DriverName, string> = {
  swiftshader: 'install Chromium, which includes it: apt-get install chromium',
  llvmpipe: 'apt-get install mesa-vulkan-drivers',
};

/** The file that describes a driver to the Vulkan loader; undefined if the driver is not on this machine. */
export async function findDriver(name: DriverName): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  if (name === 'llvmpipe') {
    const folder = '/usr/share/vulkan/icd.d';
    const found = existsSync(folder) && readdirSync(folder).find((file) => file.startsWith('lvp_icd'));
    return found ? join(folder, found) : undefined;
  }
  const chrome = await findChrome();
  return [...(chrome ? [dirname(realpathSync(chrome))] : []), '/usr/lib/chromium', '/usr/lib/chromium-browser']
    .map((folder) => join(folder, 'vk_swiftshader_icd.json'))
    .find(existsSync);
}

/** The first of these drivers that is on this machine, unless the user's environment names one. */
export async function firstDriver(names: readonly DriverName[]): Promise<string | undefined> {
  const given = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
  if (given) return given;
  for (const name of names) {
    const file = await findDriver(name);
    if (file) return file;
  }
  return undefined;
}

/** Environment variables that select the Vulkan loader's driver, under their old and new names. */
export const driverEnvironment = (file: string): Record<string, string> => ({
  VK_ICD_FILENAMES: file,
  VK_DRIVER_FILES: file,
});

/** A driver's name, derived from its file, because Firefox does not report its adapter. */
export function driverTitle(file: string): string {
  const name = basename(file);
  if (name.startsWith('lvp_icd')) return 'llvmpipe';
  return /swiftshader/i.test(name) ? 'SwiftShader' : name;
}
