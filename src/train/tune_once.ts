import { createStore, get, set } from 'idb-keyval';
import type { Gpu } from '../gpu/device.ts';
import type { KernelVariants } from '../gpu/variants.ts';
import type { TunableKernel } from '../plan/planner.ts';
import { tuneWithCache } from './cached_tuning.ts';

/** The IndexedDB database of tuner results: one text under one key. */
const [database, store, key] = ['wgrad-tuning', 'caches', 'newest'];

/** Tunes a trainer's kernels before it starts, using the results that the browser keeps from earlier pages and updating them. */
export async function tuneOnce(gpu: Gpu, kernels: ReadonlyMap<string, TunableKernel>): Promise<KernelVariants> {
  if (gpu.tuning === 'off') return {};
  // A browser that stores nothing, as in a private window, measures again.
  const caches = typeof indexedDB === 'undefined' ? undefined : createStore(database, store);
  const cache: unknown = caches && (await get(key, caches).catch(() => undefined));
  const result = await tuneWithCache(gpu, kernels, { mode: gpu.tuning, ...(typeof cache === 'string' && { cache }) });
  if (result.discarded) console.info(`wgrad: the stored times of kernels were discarded: ${result.discarded}`);
  if (caches && result.cache !== cache) await set(key, result.cache, caches).catch(() => undefined);
  return result.variants;
}
