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
  const cache: unknown = await inStore('readonly', (caches) => caches.get(key)).catch(() => undefined);
  const result = await tuneWithCache(gpu, kernels, { mode: gpu.tuning, ...(typeof cache === 'string' && { cache }) });
  if (result.discarded) console.info(`wgrad: the kept times of kernels were discarded: ${result.discarded}`);
  if (result.cache !== cache)
    await inStore('readwrite', (caches) => caches.put(result.cache, key)).catch(() => undefined);
  return result.variants;
}

function inStore<T>(mode: IDBTransactionMode, work: (caches: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
  if (typeof indexedDB === 'undefined') return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(database, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(store);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const db = opening.result;
      const transaction = db.transaction(store, mode);
      const request = work(transaction.objectStore(store));
      transaction.oncomplete = () => {
        db.close();
        resolve(request.result);
      };
      transaction.onabort = () => {
        db.close();
        reject(transaction.error);
      };
    };
  });
}
