import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import {
  Browser,
  ChromeReleaseChannel,
  computeSystemExecutablePath,
  detectBrowserPlatform,
  getInstalledBrowsers,
} from '@puppeteer/browsers';
import { ConfigurationError } from '../errors.ts';

/** Puppeteer's default cache, so that a Chrome that any project downloaded can be used here too. */
export const puppeteerCache = process.env.PUPPETEER_CACHE_DIR ?? join(homedir(), '.cache', 'puppeteer');

const environmentNames = ['PUPPETEER_EXECUTABLE_PATH', 'CHROME_PATH', 'CHROME_BIN'];

const linuxNames = [
  'google-chrome-stable',
  'google-chrome',
  'chromium',
  'chromium-browser',
  'google-chrome-beta',
  'google-chrome-unstable',
  'microsoft-edge-stable',
];

const macPlaces = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
];

const windowsPlaces = ['Chromium\\Application\\chrome.exe', 'Microsoft\\Edge\\Application\\msedge.exe'];

/**
 * Finds the Chrome to use: the requested one, or the one named in the environment, the system's, or one in Puppeteer's cache.
 * undefined if there is none.
 *
 * @throws ConfigurationError if the Chrome that was requested or named in the environment does not run: silently using another one
 *   would be a surprise.
 */
export async function findChrome(asked?: string): Promise<string | undefined> {
  if (asked !== undefined) return insist(asked, '--chrome');
  for (const name of environmentNames) {
    const path = process.env[name];
    if (path) return insist(path, `the environment variable ${name}`);
  }
  for (const path of systemPlaces()) if (runsAsChrome(path)) return path;
  for (const path of await cached()) if (runsAsChrome(path)) return path;
  return undefined;
}

function insist(path: string, source: string): string {
  if (runsAsChrome(path)) return path;
  throw new ConfigurationError({
    what: `${source} does not name a working Chrome`,
    found: existsSync(path) ? `${path}, which does not respond to --version like Chrome` : `${path}: no such file`,
    expected: 'the path of a Chrome, Chromium or Edge executable',
    fix: `correct the path, or omit it to let wgrad find one`,
  });
}

function* systemPlaces(): Generator<string> {
  if (process.platform === 'linux') {
    const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
    for (const name of linuxNames) for (const folder of folders) yield join(folder, name);
    return;
  }
  const platform = detectBrowserPlatform();
  for (const channel of Object.values(ChromeReleaseChannel)) {
    try {
      if (platform) yield computeSystemExecutablePath({ browser: Browser.CHROME, platform, channel });
    } catch {
      // The function throws if the channel is not installed.
    }
  }
  if (process.platform === 'darwin') yield* macPlaces;
  if (process.platform === 'win32') {
    const roots = ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].map((name) => process.env[name]);
    for (const root of roots) if (root) for (const place of windowsPlaces) yield join(root, place);
  }
}

async function cached(): Promise<string[]> {
  const installed = await getInstalledBrowsers({ cacheDir: puppeteerCache });
  return installed
    .filter((it) => it.browser === Browser.CHROME || it.browser === Browser.CHROMIUM)
    .sort((a, b) => b.buildId.localeCompare(a.buildId, 'en', { numeric: true }))
    .map((it) => it.executablePath);
}

/** Executables that have already answered `--version` to this process: a command looks for Chrome more than once. */
const known = new Set<string>();

/**
 * On Linux the file's existence is not sufficient: Ubuntu's chromium-browser is a stub that refers to a snap, and a downloaded
 * Chrome lacks its libraries on a bare system. On other systems `--version` opens a window, so existence must suffice.
 */
function runsAsChrome(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    return false;
  }
  if (process.platform !== 'linux' || known.has(path)) return true;
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 30_000 });
  const runs = status === 0 && /\b(Chrome|Chromium|Edge)\b.* \d+\./.test(stdout);
  if (runs) known.add(path);
  return runs;
}
