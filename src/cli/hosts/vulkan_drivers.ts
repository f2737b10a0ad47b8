import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { SetupError } from '../../errors.ts';
import { findChrome } from '../find_chrome.ts';

/** Vulkan drivers for the CPU: Chrome's and Mesa's. */
export const driverNames = ['swiftshader', 'llvmpipe'] as const;
export type DriverName = (typeof driverNames)[number];

/** How to install a driver. */
export const driverAdvice: Record<DriverName, string> = {
  swiftshader: 'install Chromium, which includes it: apt-get install chromium',
  llvmpipe: 'apt-get install mesa-vulkan-drivers',
};

const folderOfDrivers = '/usr/share/vulkan/icd.d';

/** The file that describes a driver to the Vulkan loader; undefined if the driver is not on this machine. */
export async function findDriver(name: DriverName): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  if (name === 'llvmpipe') {
    const found =
      existsSync(folderOfDrivers) && readdirSync(folderOfDrivers).find((file) => file.startsWith('lvp_icd'));
    return found ? join(folderOfDrivers, found) : undefined;
  }
  const chrome = await findChrome();
  return [...(chrome ? [dirname(realpathSync(chrome))] : []), '/usr/lib/chromium', '/usr/lib/chromium-browser']
    .map((folder) => join(folder, 'vk_swiftshader_icd.json'))
    .find(existsSync);
}

/** The environment variables with which a user chooses the Vulkan loader's drivers; the first one takes precedence. */
const variables = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'] as const;

/**
 * The files of drivers that the user's environment names.
 *
 * @throws SetupError if one of them does not exist: the Vulkan loader would ignore it, and a host might find another adapter without Vulkan.
 */
export function namedDrivers(): string | undefined {
  const name = variables.find((each) => process.env[each]);
  if (!name) return undefined;
  const files = process.env[name]!;
  const missing = files.split(delimiter).find((file) => file !== '' && !existsSync(file));
  if (missing === undefined) return files;
  throw new SetupError({
    what: `The environment variable ${name} names a Vulkan driver that is not on this machine`,
    found: missing,
    expected: `the JSON file of a driver, as in ${folderOfDrivers}`,
    fix: `correct the path, or unset ${name}; for a driver that runs on the CPU, ${driverAdvice.llvmpipe}, or ${driverAdvice.swiftshader}`,
  });
}

/** The first of these drivers that is on this machine, unless the user's environment names one. @throws SetupError as `namedDrivers` does. */
export async function firstDriver(names: readonly DriverName[]): Promise<string | undefined> {
  const given = namedDrivers();
  if (given !== undefined) return given;
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
