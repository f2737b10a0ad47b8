import { createStore, del, get, keys, set, type UseStore } from 'idb-keyval';
import { DataError } from '../errors.ts';

/** The IndexedDB database of stored models, one file per name. */
let opened: UseStore | undefined;
const scheme = 'indexeddb://';

/** The name in `indexeddb://name`; undefined for any other URL. */
export const storedName = (address: unknown): string | undefined =>
  typeof address === 'string' && address.startsWith(scheme) ? address.slice(scheme.length) : undefined;

/** Runs `work` on the store. @throws DataError if there is no IndexedDB, or if the browser denies access. */
async function inStore<T>(work: (models: UseStore) => Promise<T>): Promise<T> {
  if (typeof indexedDB === 'undefined') {
    throw new DataError({
      what: 'IndexedDB is not available here, so models cannot be saved in it',
      fix: 'call it in a page or a worker, or write the Blob that trainer.save() returns to a file',
    });
  }
  opened ??= createStore('wgrad', 'models');
  return work(opened).catch((cause) => Promise.reject(refused(cause)));
}

const refused = (cause: DOMException | null) =>
  new DataError(
    {
      what: "The browser's storage refused",
      found: cause ? `${cause.name}: ${cause.message}` : 'no reason',
      fix: 'free space with deleteModel, or save to a file',
    },
    { cause },
  );

/** Stores a file under a name, replacing any existing file of that name. */
export async function storeModel(name: string, file: Blob): Promise<void> {
  await inStore((models) => set(name, file, models));
}

/** @throws DataError, with the existing names, if there is no model of that name. */
export async function storedModel(name: string): Promise<Blob> {
  const file = await inStore((models) => get<Blob>(name, models));
  if (file) return file;
  const names = await listModels();
  throw new DataError({
    what: `There is no model ${name} in this browser's storage`,
    found: names.length > 0 ? names.join(', ') : 'no models',
    fix: `save one with trainer.save({ to: '${scheme}${name}' })`,
  });
}

/** The names of all models that `trainer.save({ to: 'indexeddb://name' })` has stored for this origin, sorted. */
export async function listModels(): Promise<string[]> {
  const names = await inStore((models) => keys(models));
  return names.map(String).sort();
}

/** Deletes a model that `save` has stored. @returns whether it existed. */
export async function deleteModel(name: string): Promise<boolean> {
  const isThere = (await listModels()).includes(name);
  if (isThere) await inStore((models) => del(name, models));
  return isThere;
}
