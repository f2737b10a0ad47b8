import type { Command } from 'commander';
import { ConfigurationError } from '../../errors.ts';
import type { AdapterOptions } from '../adapter_options.ts';
import { mayHaveGpu } from '../chrome.ts';
import { findFirefox, versionOf } from './firefox.ts';
import { type HostName, hostNames, hostTitles, isProcess } from './host_names.ts';
import { findDriver } from './vulkan_drivers.ts';

/** Commands that choose the host themselves, because a run that they resume records where it was trained. */
const resumable = ['train', 'compare'];

/** Why some commands have to run in a browser. */
const needsBrowser: Record<string, string> = {
  sheet: 'it draws on the canvas of a page',
  predict: 'a browser decodes the pictures',
  dev: 'it opens the page in a browser',
  bench: 'TensorFlow.js and jax-js run in a page',
};

/** Chooses the host before a command begins, and reports it unless it is the user's own choice. */
export async function settleHost(command: Command): Promise<void> {
  if (!command.options.some(({ long }) => long === '--browser')) return;
  const options = command.opts<AdapterOptions & { resume?: unknown }>();
  const reason = needsBrowser[command.name()];
  if (options.host !== undefined && reason) {
    throw new ConfigurationError({
      what: `wgrad ${command.name()} needs a browser: ${reason}`,
      found: `--host ${options.host}`,
      fix: 'omit --host, or choose a browser: --browser chrome or --browser firefox',
    });
  }
  if (options.host !== undefined && command.getOptionValueSource('browser') === 'cli') {
    throw new ConfigurationError({
      what: '--host and --browser cannot be combined',
      found: `--host ${options.host} --browser ${options.browser}`,
      fix: 'leave one of them out',
    });
  }
  if (options.host !== undefined) return;
  const isResumed = options.resume !== undefined && resumable.includes(command.name());
  if (isResumed && command.getOptionValueSource('browser') === 'env') {
    // A browser named in the environment is only a default: the host that the run was trained in takes precedence.
    command.setOptionValueWithSource('browser', undefined, 'implied');
    return;
  }
  const set = (host: HostName) => command.setOptionValueWithSource('host', host, 'implied');
  if (options.browser === 'chrome' || options.browser === 'firefox') {
    set(options.browser);
    return;
  }
  const isOpen = options.browser === 'auto' || (askedForSoftware(command) && command.name() !== 'bench');
  if (isResumed || !isOpen || options.adapter === 'hardware' || (options.adapter === 'auto' && mayHaveGpu())) return;
  const chosen = await fasterOnCpu(options.chrome);
  set(chosen.host);
  console.error(`browser  ${chosen.why}`);
}

/** `--adapter software` without a browser in the arguments or the environment. */
const askedForSoftware = (command: Command) =>
  command.getOptionValueSource('adapter') === 'cli' && command.opts<AdapterOptions>().adapter === 'software';

/**
 * The installed browser that trains faster on the CPU, and why.
 *
 * @param driver finds a driver on this machine; replaced in tests.
 */
export async function fasterOnCpu(
  chrome: string | undefined,
  driver = findDriver,
): Promise<{ host: HostName; why: string }> {
  const stays = (reason: string) => ({ host: 'chrome', why: `Chrome on SwiftShader: ${reason}` }) as const;
  if (chrome !== undefined) return stays('--chrome names it');
  const firefox = findFirefox();
  if (!firefox)
    return stays('Firefox on llvmpipe is faster, but Firefox is not installed (apt-get install firefox-esr)');
  if (!(await driver('llvmpipe'))) {
    return stays('Firefox on llvmpipe is faster, but llvmpipe is not installed (apt-get install mesa-vulkan-drivers)');
  }
  return {
    host: 'firefox',
    why:
      `Firefox ${versionOf(firefox)} on llvmpipe, which compiles kernels for the CPU's vector units and is faster than Chrome ` +
      'on SwiftShader; their bits differ: use --browser chrome for Chrome',
  };
}

/**
 * The host of a resumed run: the one given, or else the one that the run was trained in, so that it continues to the same bits.
 *
 * @param recorded undefined for a run of the page, or of an older version: those were trained in Chrome.
 */
export function hostOfResumed(
  options: Pick<AdapterOptions, 'host' | 'browser'>,
  recorded: string | undefined,
  report: (line: string) => void,
): HostName {
  const typed = options.host ?? (options.browser === 'auto' ? undefined : options.browser);
  const before = hostNames.find((name) => name === recorded) ?? 'chrome';
  if (typed !== undefined && recorded !== undefined && typed !== recorded) {
    report(`note     the run was trained in ${hostTitles[before]}: its bits may differ in ${hostTitles[typed]}`);
  }
  return typed ?? before;
}

/** @throws ConfigurationError if pictures would have to be decoded in a host that cannot decode them. */
export function requireDecoder(host: HostName | undefined, path: string): void {
  if (host === undefined || !isProcess(host)) return;
  throw new ConfigurationError({
    what: `${hostTitles[host]} cannot decode pictures`,
    found: `${path} with --host ${host}`,
    expected: 'arrays: a known data set, or .npz, .npy, IDX, CSV, .mat or Parquet files with numbers',
    fix: 'omit --host to train in a browser, or save the images as an .npz file',
  });
}
