import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import puppeteer, { type Browser } from 'puppeteer-core';
import { ConfigurationError, SetupError } from '../../errors.ts';
import { browserTimeout, secondsText, withinTime } from '../../time_limit.ts';
import { aptInstall, type DebianPackage, type InstallOptions, installAdvice } from '../apt.ts';
import { firstLine } from '../first_line.ts';
import { driverEnvironment } from './vulkan_drivers.ts';

const packages = {
  firefox: { name: 'firefox-esr', megabytes: 75 },
  driver: { name: 'mesa-vulkan-drivers', megabytes: 45 },
} satisfies Record<string, DebianPackage>;

/** The path of the first of these programs that is in PATH. */
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
 * Finds the Firefox to use: the one named in FIREFOX_PATH, or else the system's.
 *
 * @throws ConfigurationError if FIREFOX_PATH is not a file.
 */
export function findFirefox(): string | undefined {
  const named = process.env.FIREFOX_PATH;
  if (!named) return programInPath('firefox-esr', 'firefox') ?? usualPlaces.find(existsSync);
  if (existsSync(named)) return named;
  throw new ConfigurationError({
    what: 'The environment variable FIREFOX_PATH is not the path of a file',
    found: named,
    expected: 'the path of Firefox 141 or later',
    fix: 'correct the path, or unset the variable to use the Firefox of the system',
  });
}

/** Extracts a program's version from its output for `--version`; empty if there is none, or if it does not end in time. */
export function versionOf(path: string, timeout = browserTimeout): string {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout, killSignal: 'SIGKILL' });
  return /\d+(\.\d+)+/.exec(stdout ?? '')?.[0] ?? '';
}

/**
 * Returns an existing Firefox, or one installed by apt-get if the user agrees.
 *
 * @throws SetupError if there is none, with the command to type.
 */
async function ensureFirefox(options: InstallOptions): Promise<string> {
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
    fix: `${installAdvice()}type: sudo apt-get install firefox-esr (macOS: brew install --cask firefox); or use --browser chrome`,
  });
}

/** Installs llvmpipe if the user agrees. @returns whether it is installed now. */
export const installLlvmpipe = (options: InstallOptions): Promise<boolean> => aptInstall(packages.driver, options);

/** On Linux, Firefox needs the first preference for WebGPU, and the second to use a CPU driver. */
const preferences = {
  'dom.webgpu.enabled': true,
  'gfx.webgpu.ignore-blocklist': true,
  // These prevent throttling of a hidden page, and requests other than for wgrad's page.
  'dom.min_background_timeout_value': 4,
  'dom.timeout.enable_budget_timer_throttling': false,
  'browser.tabs.remote.warmup.enabled': false,
  'dom.ipc.processPrelaunch.enabled': false,
  'toolkit.cosmeticAnimations.enabled': false,
};

export interface FirefoxOptions extends InstallOptions {
  /** The file that describes the Vulkan driver; the system's choice if left out. */
  driver?: string;
  headless?: boolean;
  /** Time limit in milliseconds for the start of Firefox. */
  timeout?: number;
}

/**
 * Starts Firefox with its own profile. It ends when this process does for any reason; signals are left to the caller.
 *
 * @throws SetupError if there is no Firefox, or it doesn't start in time.
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
      // The limit below also ends the wait for Firefox's answers; a single call to the page lasts as long as the training.
      ...{ timeout: 0, protocolTimeout: 0, signal: ending.signal },
    });
    const browser = await withinTime(launched, timeout, () => {
      ending.abort();
      return new Error(`no answer within ${secondsText(timeout)}`);
    });
    endWithThisProcess(browser.process());
    return browser;
  } catch (cause) {
    throw new SetupError(
      {
        what: 'Firefox could not be started',
        found: `${executablePath}: ${cause instanceof Error ? firstLine(cause.message) : cause}`,
        fix:
          'set FIREFOX_PATH to another Firefox, start this one by hand to see its error, or, ' +
          'on a slow machine, allow more time with --browser-timeout <seconds>',
      },
      { cause },
    );
  }
}

/**
 * Firefox is controlled through a socket, and keeps running when the other end closes. Therefore a watcher process waits for this
 * process to end, which closes the pipe between them, and then ends Firefox's process group. The watcher ends with Firefox.
 */
export function endWithThisProcess(firefox: ChildProcess | null): void {
  const pid = firefox?.pid;
  if (pid === undefined || process.platform === 'win32') return;
  const script = `process.stdin.resume().on('close',()=>{try{process.kill(-${pid},'SIGKILL')}catch{}})`;
  const watcher = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  // Neither the process nor its pipe must keep the command running.
  watcher.unref();
  (watcher.stdin as unknown as { unref(): void }).unref();
  // By the end of the command, another process may have been given Firefox's process id.
  if (firefox!.exitCode !== null || firefox!.signalCode !== null) watcher.kill();
  else firefox!.once('exit', () => watcher.kill());
}
