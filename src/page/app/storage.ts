/**
 * Files in the origin's private file system, which only this page reads. A file is there as a whole or not at all, since a browser
 * puts it in its place when all of it is written.
 */

async function folderOf(name: string): Promise<FileSystemDirectoryHandle> {
  return (await navigator.storage.getDirectory()).getDirectoryHandle(name, { create: true });
}

/** @throws DOMException QuotaExceededError where there is no room. */
export async function writeFile(folder: string, name: string, parts: readonly BlobPart[]): Promise<void> {
  const file = await (await folderOf(folder)).getFileHandle(name, { create: true });
  const stream = await file.createWritable();
  try {
    for (const part of parts) await stream.write(part as FileSystemWriteChunkType);
    await stream.close();
  } catch (error) {
    await stream.abort().catch(() => undefined);
    // What was made for it is empty, unless an earlier one was there.
    if ((await file.getFile()).size === 0) await removeFile(folder, name);
    throw error;
  }
}

/** Undefined where there is none. */
export async function readFile(folder: string, name: string): Promise<File | undefined> {
  try {
    const file = await (await (await folderOf(folder)).getFileHandle(name)).getFile();
    return file.size > 0 ? file : undefined;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotFoundError') return undefined;
    throw error;
  }
}

export async function removeFile(folder: string, name: string): Promise<void> {
  await (await folderOf(folder)).removeEntry(name).catch(() => undefined); // another tab was first
}

/** Milliseconds since 1970; undefined where there is no such file. */
export async function modifiedAt(folder: string, name: string): Promise<number | undefined> {
  try {
    return (await (await (await folderOf(folder)).getFileHandle(name)).getFile()).lastModified;
  } catch {
    return undefined; // another tab has just written or removed it
  }
}

export async function filesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const name of (await folderOf(folder)).keys()) names.push(name);
  return names;
}

export const isFull = (error: unknown): boolean => error instanceof DOMException && error.name === 'QuotaExceededError';
