import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import puppeteer, { type Browser } from 'puppeteer-core';
import { ConfigurationError, SetupError } from '../../errors.ts';
import { browserTimeout, secondsText, withinTime } from '../../time_limit.ts';
import { aptInstall, type DebianPackage, type InstallOptions, installAdvice } from '../apt.ts';
import { driverEnvironment } from './vulkan_drivers.ts';

const packages = {
  firefox: { name: 'firefox-esr', megabytes: 75 },
  driver: { name: 'mesa-vulkan-drivers', megabytes: 45 },
} satisfies Record<string, DebianPackage>;

/** A path of the first of these programs in PATH. */
export function programInPath(...names: string[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  for (const name of names) {
    const found = folders.map((folder) => join(folder, name)).find(existsSync);
    if (found) return found;
  }
  return undefined;
}

const usualPlaces = [
  '/Applications/Firefox.app/Contents/MacOS/firefox',
  'C:\\Program Files\\Mozilla Firefox\\firefox.exe',
];

/**
 * The Firefox to use: the one that FIREFOX_PATH names, else the system's.
 *
 * @throws ConfigurationError where FIREFOX_PATH names no file.
 */
export function findFirefox(): string | undefined {
  const named = process.env.FIREFOX_PATH;
  if (!named) return programInPath('firefox-esr', 'firefox') ?? usualPlaces.find(existsSync);
  if (existsSync(named)) return named;
  throw new ConfigurationError({
    what: 'The environment variable FIREFOX_PATH names no file',
    found: named,
    expected: 'the path of Firefox 141 or later',
    fix: 'correct the path, or leave the variable out to take the Firefox of the system',
  });
}

/** The number of a program's version, from what it prints for `--version`; empty where it prints none. */
export const versionOf = (path: string): string =>
  /\d+(\.\d+)+/.exec(spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[0] ?? '';

/**
 * A Firefox: found, or installed by apt-get where the user agrees.
 *
 * @throws SetupError where there is none, with the command to type.
 */
export async function ensureFirefox(options: InstallOptions): Promise<string> {
  const found = findFirefox();
  if (found) return found;
  const { report = console.error } = options;
  report('There is no Firefox on this machine.');
  if (await aptInstall(packages.firefox, options)) {
    const installed = findFirefox();
    if (installed) return installed;
  }
  throw new SetupError({
    what: 'There is no Firefox on this machine',
    found: 'none in FIREFOX_PATH, the PATH or the usual places',
    expected: 'Firefox 141 or later',
    fix: `${installAdvice()}type: sudo apt-get install firefox-esr (macOS: brew install --cask firefox); or take --browser chrome`,
  });
}

/** Installs llvmpipe where the user agrees; whether it is there now. */
export const installLlvmpipe = (options: InstallOptions): Promise<boolean> => aptInstall(packages.driver, options);

/** On Linux Firefox has WebGPU only with the first preference, and uses a CPU's driver only with the second. */
const preferences = {
  'dom.webgpu.enabled': true,
  'gfx.webgpu.ignore-blocklist': true,
  // A page that is out of sight is not slowed down, and nothing is fetched but wgrad's page.
  'dom.min_background_timeout_value': 4,
  'dom.timeout.enable_budget_timer_throttling': false,
  'browser.tabs.remote.warmup.enabled': false,
  'dom.ipc.processPrelaunch.enabled': false,
  'toolkit.cosmeticAnimations.enabled': false,
};

export interface FirefoxOptions extends InstallOptions {
  /** The file that names the Vulkan driver; the system's choice where it is left out. */
  driver?: string;
  headless?: boolean;
  /** Milliseconds that Firefox may take to start. */
  timeout?: number;
}

/**
 * Starts Firefox with a profile of its own. It ends when this process does, whatever ends it; signals are left to the caller.
 *
 * @throws SetupError where there is no Firefox, or it doesn't start in time.
 */
export async function launchFirefox(options: FirefoxOptions): Promise<Browser> {
  const executablePath = await ensureFirefox(options);
  const { timeout = browserTimeout, driver, headless = true } = options;
  const ending = new AbortController();
  try {
    const launched = puppeteer.launch({
      ...{ browser: 'firefox', executablePath, headless },
      env: { ...process.env, ...(driver && driverEnvironment(driver)) },
      extraPrefsFirefox: preferences,
      ...{ handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false },
      ...(headless ? {} : { defaultViewport: null }),
      // The limit below ends the wait for Firefox's answers too; one call to the page lasts as long as the training.
      ...{ timeout: 0, protocolTimeout: 0, signal: ending.signal },
    });
    const browser = await withinTime(launched, timeout, () => {
      ending.abort();
      return new Error(`no answer within ${secondsText(timeout)}`);
    });
    endWithThisProcess(browser.process()?.pid);
    return browser;
  } catch (cause) {
    throw new SetupError(
      {
        what: 'Firefox does not start',
        found: `${executablePath}: ${cause instanceof Error ? cause.message.split('\n')[0] : cause}`,
        fix:
          'name another one in the environment variable FIREFOX_PATH, start this one by hand to see what it says, or, ' +
          'on a slow machine, allow more time with --browser-timeout <seconds>',
      },
      { cause },
    );
  }
}

/**
 * Firefox is driven through a socket, and lives on where the other end goes away. So a process waits for this one's end, which
 * closes the pipe between them, and then ends Firefox's process group.
 */
function endWithThisProcess(pid: number | undefined): void {
  if (pid === undefined || process.platform === 'win32') return;
  const script = `process.stdin.resume().on('close',()=>{try{process.kill(-${pid},'SIGKILL')}catch{}})`;
  const watcher = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  // Neither the process nor its pipe keeps the command alive.
  watcher.unref();
  (watcher.stdin as unknown as { unref(): void }).unref();
}
