import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Browser, BrowserTag, detectBrowserPlatform, resolveBuildId } from '@puppeteer/browsers';
import { SetupError } from '../errors.ts';
import { aptInstall, type DebianPackage, type InstallOptions, installAdvice } from './apt.ts';
import { findChrome, puppeteerCache } from './find_chrome.ts';

type Report = (line: string) => void;

const lookUpLimit = 20_000;
const downloadLimit = 600_000;
const downloader = fileURLToPath(new URL('./download_chrome.js', import.meta.url));
/** Debian's package with Chromium; a bare system needs additional libraries. */
const chromium: DebianPackage = { name: 'chromium', megabytes: 120 };

/**
 * Returns a working Chrome: an existing one, or one downloaded with @puppeteer/browsers, or, if the user agrees, one installed by
 * apt-get.
 *
 * @throws SetupError if none of that is possible, with the command to type.
 */
export async function ensureChrome(asked?: string, options: InstallOptions = {}): Promise<string> {
  const { report = console.error } = options;
  const found = await findChrome(asked);
  if (found) return found;
  report('No Chrome on this machine: downloading one (only once).');
  const downloaded = await download(report);
  if (downloaded) return downloaded;
  if (await aptInstall(chromium, options)) {
    const installed = await findChrome();
    if (installed) return installed;
  }
  throw new SetupError({
    what: 'There is no Chrome or Chromium on this machine, and none was downloaded or installed',
    found:
      'none in --chrome, PUPPETEER_EXECUTABLE_PATH, CHROME_PATH, CHROME_BIN, the PATH, the usual places, or Puppeteer’s cache',
    expected: 'Chrome, Chromium or Edge 113 or later',
    fix: `${installAdvice()}${commandToType()}, then try again; or choose one: --chrome <path>`,
  });
}

function commandToType(): string {
  switch (process.platform) {
    case 'darwin':
      return 'type: brew install --cask google-chrome';
    case 'win32':
      return 'type: winget install Google.Chrome';
    default:
      return 'type: sudo apt-get update && sudo apt-get install chromium (Fedora: sudo dnf install chromium; Arch: sudo pacman -S chromium)';
  }
}

/** Downloads in a separate process, so that a download that hangs can be ended and its partial archive removed. */
async function download(report: Report): Promise<string | undefined> {
  const buildId = await stableBuild();
  if (!buildId) {
    report("The list of Chrome's versions could not be downloaded: its server is not reachable from here.");
    return undefined;
  }
  const { status } = spawnSync(process.execPath, [downloader, buildId, puppeteerCache], {
    stdio: ['ignore', 2, 2],
    timeout: downloadLimit,
  });
  if (status !== 0) {
    sweepArchives(buildId);
    report('The download failed.');
    return undefined;
  }
  const path = await findChrome();
  if (!path) report('The downloaded Chrome does not run here: a system library that it needs is missing.');
  return path;
}

/** The current stable version, or undefined without a network (or on a platform without such a Chrome: Linux on ARM). */
async function stableBuild(): Promise<string | undefined> {
  const platform = detectBrowserPlatform();
  if (!platform) return undefined;
  const limit = delay(lookUpLimit, undefined, { ref: false });
  return Promise.race([resolveBuildId(Browser.CHROME, platform, BrowserTag.STABLE).catch(() => undefined), limit]);
}

function sweepArchives(buildId: string): void {
  const folder = join(puppeteerCache, Browser.CHROME);
  try {
    for (const name of readdirSync(folder)) {
      if (name.startsWith(`${buildId}-`) && name.endsWith('.zip')) rmSync(join(folder, name), { force: true });
    }
  } catch {
    // The folder does not exist: nothing was downloaded.
  }
}
