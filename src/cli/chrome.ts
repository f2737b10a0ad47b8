import { existsSync, readdirSync } from 'node:fs';
import puppeteer, { type Browser } from 'puppeteer-core';
import { SetupError } from '../errors.ts';
import { browserTimeout, secondsText, withinTime } from '../time_limit.ts';
import type { InstallOptions } from './apt.ts';
import { ensureChrome } from './get_chrome.ts';

export interface ChromeOptions extends InstallOptions {
  /** The program to start; found or fetched where it is left out. */
  path?: string;
  /** Which kind of adapter Chrome shall offer to WebGPU. */
  adapter: 'software' | 'hardware';
  headless?: boolean;
  /** More flags of Chrome's. */
  args?: readonly string[];
  /** Milliseconds that Chrome may take to start. */
  timeout?: number;
}

/** Quiet, and never slowed down for being out of sight. */
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
  // Chrome bars a page from the GPU after two crashes; a user who tries a smaller batch deserves a third go.
  '--disable-domain-blocking-for-3d-apis',
  // Chrome draws the suggestions of its address bar with web pages, which every window loads, with or without a screen. Without
  // them a start takes half of the processor time. Puppeteer adds these to the features that it disables itself.
  '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup',
];

/**
 * The watchdog would take a long dispatch on a loaded CPU for a hang. Workgroup memory starts at zero either way: SwiftShader
 * writes a store for each of its words, which a large array takes longer to compile than the rest of the shader, and Dawn a
 * loop. That is a quarter of the time until the first step.
 */
const software = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--disable-gpu-watchdog',
  '--disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension',
];

/** On Linux, Chrome's WebGPU uses hardware only with these flags; elsewhere it does by default. */
const hardwareOnLinux = [
  '--enable-unsafe-webgpu',
  '--enable-features=Vulkan',
  '--use-angle=vulkan',
  '--disable-vulkan-surface',
  '--ignore-gpu-blocklist',
];

/** The flags that decide which adapter Chrome offers. */
export function adapterFlags(adapter: ChromeOptions['adapter']): readonly string[] {
  if (adapter === 'software') return software;
  return process.platform === 'linux' ? hardwareOnLinux : [];
}

export function chromeFlags({ adapter, args = [] }: Pick<ChromeOptions, 'adapter' | 'args'>): string[] {
  const flags = [...always, ...args, ...adapterFlags(adapter)];
  // Chrome's sandbox refuses to start as root, which is what a container runs as.
  if (process.getuid?.() === 0) flags.push('--no-sandbox');
  return flags;
}

/** Gives a Chrome that runs already, or undefined for what it is not good for. */
type RunningChrome = (options: ChromeOptions) => Promise<Browser | undefined>;

let running: RunningChrome | undefined;

/** Asks for a running Chrome before one is started: in tests, many commands of one process share one. */
export function useRunningChrome(from: RunningChrome): void {
  running = from;
}

/**
 * Starts Chrome with a profile of its own. It speaks to us through a pipe, so that it ends when this process does,
 * whatever ends it; signals are left to the caller.
 *
 * @throws SetupError where there is no Chrome, or it doesn't start in time.
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
      // A visible window is for a person: the page fills it, without the bar about automated test software.
      ...(options.headless === false ? { defaultViewport: null, ignoreDefaultArgs: ['--enable-automation'] } : {}),
      // The limit below ends the wait for Chrome's answers too; aborting kills Chrome and all its processes.
      timeout: 0,
      signal: ending.signal,
      // One call to the page lasts as long as the training.
      protocolTimeout: 0,
    });
    return await withinTime(launched, timeout, () => {
      ending.abort();
      return new Error(`no answer within ${secondsText(timeout)}`);
    });
  } catch (cause) {
    throw new SetupError(
      {
        what: 'Chrome does not start',
        found: `${executablePath}: ${cause instanceof Error ? cause.message.split('\n')[0] : cause}`,
        fix:
          'try another one with --chrome <path>, start this one by hand to see what it says, or, on a slow machine, ' +
          'allow more time with --browser-timeout <seconds>',
      },
      { cause },
    );
  }
}

/** The error where Chrome has started but never opened the page. */
export const pageIsLate = (timeout: number) =>
  new SetupError({
    what: `Chrome did not open wgrad's page within ${secondsText(timeout)}`,
    found: 'it started, and then stopped answering',
    fix: 'run it again; on a slow machine allow more time with --browser-timeout <seconds>',
  });

/** Linux's device files show whether there is a GPU; starting Chrome to no avail would cost seconds. */
export function mayHaveGpu(): boolean {
  if (process.platform !== 'linux') return true;
  if (existsSync('/dev/nvidia0') || existsSync('/dev/dxg')) return true;
  try {
    return readdirSync('/dev/dri').some((name) => name.startsWith('renderD'));
  } catch {
    return false;
  }
}
