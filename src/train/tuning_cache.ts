import type { Gpu } from '../gpu/device.ts';
import { type TunedKernel, tunedKey } from './tuner.ts';

/** The tuner's results for an adapter, as stored in IndexedDB by the page and in the cache folder by the command. */
export interface TuningCache {
  format: 2;
  /** The adapter, driver and browser, as far as the browser reports them. */
  machine: string;
  kernels: TunedKernel[];
}

/** Everything besides a kernel's text that its times depend on. */
export const machineOf = ({ adapter, device, traits }: Gpu): string =>
  JSON.stringify({
    ...adapter,
    ...traits,
    features: [...device.features].sort(),
    browser: globalThis.navigator?.userAgent ?? '',
  });

/** Maximum number of kernels kept, the newest: about ten networks. */
const mostKernels = 300;

/** Serializes a cache. Newer results replace older ones of the same kernel, shape and text. */
export function formatTuningCache(
  machine: string,
  before: readonly TunedKernel[],
  now: readonly TunedKernel[],
): string {
  const kernels = new Map([...before, ...now].map((tuned) => [tunedKey(tuned), tuned]));
  const cache: TuningCache = { format: 2, machine, kernels: [...kernels.values()].slice(-mostKernels) };
  return `${JSON.stringify(cache)}\n`;
}

/**
 * Reads a cache.
 *
 * @returns its kernels, and why they were discarded, if they were.
 */
export function readTuningCache(text: string, machine: string): { kernels: TunedKernel[]; discarded?: string } {
  const discarded = (reason: string) => ({ kernels: [], discarded: reason });
  let cache: Partial<TuningCache> | null;
  try {
    cache = JSON.parse(text) as Partial<TuningCache> | null;
  } catch {
    return discarded('it is damaged');
  }
  if (cache?.format !== 2 || !Array.isArray(cache.kernels) || !cache.kernels.every(isTuned)) {
    return discarded('it is damaged, or of another version of wgrad');
  }
  if (cache.machine !== machine) return discarded('it is of another adapter, driver or browser');
  return { kernels: cache.kernels };
}

function isTuned(value: unknown): boolean {
  const { kernel, shape, text, timings, chosen, rounds } = (value ?? {}) as Partial<TunedKernel>;
  const isObject = (part: unknown) => typeof part === 'object' && part !== null;
  return (
    typeof kernel === 'string' &&
    typeof text === 'string' &&
    typeof rounds === 'number' &&
    isObject(shape) &&
    isObject(chosen) &&
    Array.isArray(timings) &&
    timings.length > 0 &&
    timings.every((each) => isObject(each?.variant) && typeof each.microseconds === 'number')
  );
}
