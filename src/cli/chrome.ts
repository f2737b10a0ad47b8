import { existsSync, readdirSync } from 'node:fs';
import puppeteer, { type Browser } from 'puppeteer-core';
import { SetupError } from '../errors.ts';
import { browserTimeout, secondsText, withinTime } from '../time_limit.ts';
import type { InstallOptions } from './apt.ts';
import { firstLine } from './first_line.ts';
import { ensureChrome } from './get_chrome.ts';

export interface ChromeOptions extends InstallOptions {
  /** Path of the executable; found or downloaded if left out. */
  path?: string;
  /** The kind of adapter that Chrome offers to WebGPU. */
  adapter: 'software' | 'hardware';
  /** Offer tensor cores to WebGPU. */
  tensorCores?: boolean;
  headless?: boolean;
  /** Additional command-line flags of Chrome. */
  args?: readonly string[];
  /** Time limit in milliseconds for the start of Chrome. */
  timeout?: number;
}

/** These flags suppress dialogs and background traffic, and prevent throttling of hidden windows. */
const always = [
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
  // Chrome denies a page the GPU after two crashes; without this limit, a user can try again with a smaller batch.
  '--disable-domain-blocking-for-3d-apis',
  // Chrome renders the suggestions of its address bar with web pages, which every window loads, with or without a screen. Without
  // them the start takes half the processor time. Puppeteer adds these features to those that it disables itself.
  '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup',
];

/**
 * The watchdog would mistake a long dispatch on a loaded CPU for a hang. Workgroup memory is zeroed in either case: SwiftShader
 * emits a store for each of its words, which for a large array takes longer to compile than the rest of the shader, whereas Dawn
 * emits a loop. That saves a quarter of the time until the first step.
 */
const software = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--disable-gpu-watchdog',
  '--disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension',
];

/** On Linux, Chrome's WebGPU uses hardware only with these flags; on other systems it does by default. */
const hardwareOnLinux = [
  '--enable-unsafe-webgpu',
  '--enable-features=Vulkan',
  '--use-angle=vulkan',
  '--disable-vulkan-surface',
  '--ignore-gpu-blocklist',
];

/** Dawn's toggle for float16 on NVIDIA's driver for Vulkan, without which it offers no tensor cores there. */
export const halfOnNvidia = 'vulkan_enable_f16_on_nvidia';

/** With these flags, Chrome offers tensor cores where the adapter has them. */
const tensorCoreFlags = ['--enable-unsafe-webgpu', `--enable-dawn-features=${halfOnNvidia}`];

/** The flags that select the adapter that Chrome offers. */
export function adapterFlags(adapter: ChromeOptions['adapter'], tensorCores = false): readonly string[] {
  const own = adapter === 'software' ? software : process.platform === 'linux' ? hardwareOnLinux : [];
  return tensorCores ? [...new Set([...own, ...tensorCoreFlags])] : own;
}

export function chromeFlags({
  adapter,
  args = [],
  tensorCores,
}: Pick<ChromeOptions, 'adapter' | 'args' | 'tensorCores'>): string[] {
  const flags = [...always, ...args, ...adapterFlags(adapter, tensorCores)];
  // Chrome's sandbox refuses to start as root, which is the usual user in a container.
  if (process.getuid?.() === 0) flags.push('--no-sandbox');
  return flags;
}

/** Returns a Chrome that is already running, or undefined if it does not suit the options. */
type RunningChrome = (options: ChromeOptions) => Promise<Browser | undefined>;

let running: RunningChrome | undefined;

/** Uses a running Chrome instead of starting one: in tests, many commands of one process share one. */
export function useRunningChrome(from: RunningChrome): void {
  running = from;
}

/**
 * Starts Chrome with its own profile. It is controlled through a pipe, so it ends when this process does for any reason; signals
 * are left to the caller.
 *
 * @throws SetupError if there is no Chrome, or it doesn't start in time.
 */
export async function launchChrome(options: ChromeOptions): Promise<Browser> {
  const shared = await running?.(options);
  if (shared) return shared;
  const executablePath = await ensureChrome(options.path, options);
  const { timeout = browserTimeout } = options;
  const ending = new AbortController();
  try {
    const launched = puppeteer.launch({
      executablePath,
      headless: options.headless ?? true,
      pipe: true,
      args: chromeFlags(options),
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      // A visible window is for a user: the page fills it, without the bar about automated test software.
      ...(options.headless === false ? { defaultViewport: null, ignoreDefaultArgs: ['--enable-automation'] } : {}),
      // The limit below also ends the wait for Chrome's answers; aborting kills Chrome and all its processes.
      timeout: 0,
      signal: ending.signal,
      // A single call to the page lasts as long as the training.
      protocolTimeout: 0,
    });
    return await withinTime(launched, timeout, () => {
      ending.abort();
      return new Error(`no answer within ${secondsText(timeout)}`);
    });
  } catch (cause) {
    throw new SetupError(
      {
        what: 'Chrome could not be started',
        found: `${executablePath}: ${cause instanceof Error ? firstLine(cause.message) : cause}`,
        fix:
          'choose another Chrome with --chrome <path>, start this one by hand to see its error, or, on a slow machine, ' +
          'allow more time with --browser-timeout <seconds>',
      },
      { cause },
    );
  }
}

/** The error if a browser has started but not opened the page in time. */
export const pageIsLate = (timeout: number, browser = 'Chrome') =>
  new SetupError({
    what: `${browser} did not open wgrad's page within ${secondsText(timeout)}`,
    found: 'it started, and then stopped answering',
    fix: 'run it again; on a slow machine, allow more time with --browser-timeout <seconds>',
  });

/**
 * The pages that a browser opened when it started.
 *
 * @throws SetupError if it does not answer in time.
 */
export const pagesOf = (browser: Pick<Browser, 'pages'>, timeout: number, title?: string) =>
  withinTime(browser.pages(), timeout, () => pageIsLate(timeout, title));

/** Linux's device files show whether there is a GPU, which saves the seconds of starting Chrome in vain. */
export function mayHaveGpu(): boolean {
  if (process.platform !== 'linux') return true;
  if (existsSync('/dev/nvidia0') || existsSync('/dev/dxg')) return true;
  try {
    return readdirSync('/dev/dri').some((name) => name.startsWith('renderD'));
  } catch {
    return false;
  }
}
