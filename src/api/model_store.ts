import { DataError } from '../errors.ts';

/** Models stored in the browser: an IndexedDB database with one file per name. */
const [database, store] = ['wgrad', 'models'];
const scheme = 'indexeddb://';

/** The name in `indexeddb://name`; undefined for any other URL. */
export const storedName = (address: unknown): string | undefined =>
  typeof address === 'string' && address.startsWith(scheme) ? address.slice(scheme.length) : undefined;

async function inStore<T>(mode: IDBTransactionMode, work: (models: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  if (typeof indexedDB === 'undefined') {
    throw new DataError({
      what: 'There is no IndexedDB here to keep models in',
      fix: 'call it in a page or a worker, or write the Blob that trainer.save() returns to a file',
    });
  }
  const opening = indexedDB.open(database, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(store);
  const db = await settled(opening);
  try {
    const transaction = db.transaction(store, mode);
    const request = work(transaction.objectStore(store));
    // The data is stored only when the transaction is complete.
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(refused(transaction.error));
    });
    return request.result;
  } finally {
    db.close();
  }
}

const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(refused(request.error));
  });

const refused = (cause: DOMException | null) =>
  new DataError(
    {
      what: "The browser's storage refused",
      found: cause ? `${cause.name}: ${cause.message}` : 'no reason',
      fix: 'free space with deleteModel, or save to a file',
    },
    { cause },
  );

/** Stores a file under a name and replaces an existing one. */
export async function storeModel(name: string, file: Blob): Promise<void> {
  await inStore('readwrite', (models) => models.put(file, name));
}

/** @throws DataError if there is no model of that name, with the names that exist. */
export async function storedModel(name: string): Promise<Blob> {
  const file: Blob | undefined = await inStore('readonly', (models) => models.get(name));
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
  const names = await inStore('readonly', (models) => models.getAllKeys());
  return names.map(String).sort();
}

/** Deletes a model that `save` has stored. @returns whether it existed. */
export async function deleteModel(name: string): Promise<boolean> {
  const isThere = (await listModels()).includes(name);
  if (isThere) await inStore('readwrite', (models) => models.delete(name));
  return isThere;
}
