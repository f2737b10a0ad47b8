import type { Gpu } from '../gpu/device.ts';
import { type TunedKernel, textKey } from './tuner.ts';

/** The tuner's results on one machine. */
export interface MachineTimes {
  /** The adapter, driver and browser, as far as the browser reports them. */
  machine: string;
  kernels: TunedKernel[];
}

/** The tuner's results, as stored in IndexedDB by the page and in the cache folder by the command. */
export interface TuningCache {
  format: 3;
  /** The most recently used last. */
  machines: MachineTimes[];
}

/** Everything besides a kernel's text that its times depend on. */
export const machineOf = ({ adapter, device, traits }: Gpu): string =>
  JSON.stringify({
    ...adapter,
    ...traits,
    features: [...device.features].sort(),
    browser: globalThis.navigator?.userAgent ?? '',
  });

/** Maximum number of machines kept: the adapters of a computer, each in the browsers in use. */
const mostMachines = 8;
/** Maximum number of kernels kept per machine, the newest: about ten networks. */
const mostKernels = 300;

/** Serializes a cache. On its machine, newer results replace older ones of the same kernel, shape and text. */
export function formatTuningCache(
  before: readonly MachineTimes[],
  machine: string,
  now: readonly TunedKernel[],
): string {
  const kernels = new Map([...timesOf(before, machine), ...now].map((tuned) => [textKey(tuned), tuned]));
  const others = before.filter((each) => each.machine !== machine);
  const machines = [...others, { machine, kernels: [...kernels.values()].slice(-mostKernels) }].slice(-mostMachines);
  return `${JSON.stringify({ format: 3, machines } satisfies TuningCache)}\n`;
}

/** The results on one of the machines. */
export const timesOf = (machines: readonly MachineTimes[], machine: string): readonly TunedKernel[] =>
  machines.find((each) => each.machine === machine)?.kernels ?? [];

/**
 * Reads a cache.
 *
 * @returns its machines, and why they were discarded, if they were.
 */
export function readTuningCache(text: string): { machines: MachineTimes[]; discarded?: string } {
  const discarded = (reason: string) => ({ machines: [], discarded: reason });
  let cache: Partial<TuningCache> | null;
  try {
    cache = JSON.parse(text) as Partial<TuningCache> | null;
  } catch {
    return discarded('the file is damaged');
  }
  if (cache?.format !== 3 || !Array.isArray(cache.machines) || !cache.machines.every(isOfMachine)) {
    return discarded('the file is damaged, or from another version of wgrad');
  }
  return { machines: cache.machines };
}

function isOfMachine(value: unknown): boolean {
  const { machine, kernels } = (value ?? {}) as Partial<MachineTimes>;
  return typeof machine === 'string' && Array.isArray(kernels) && kernels.every(isTuned);
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
