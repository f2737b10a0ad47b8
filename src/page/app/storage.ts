/**
 * Files in the origin private file system, which only this page reads. A file is written completely or not at all, because the
 * browser replaces it only when all of it has been written.
 */

async function folderOf(name: string): Promise<FileSystemDirectoryHandle> {
  return (await navigator.storage.getDirectory()).getDirectoryHandle(name, { create: true });
}

/** @throws DOMException QuotaExceededError if there is not enough space. */
export async function writeFile(folder: string, name: string, parts: readonly BlobPart[]): Promise<void> {
  const file = await (await folderOf(folder)).getFileHandle(name, { create: true });
  const stream = await file.createWritable();
  try {
    for (const part of parts) await stream.write(part as FileSystemWriteChunkType);
    await stream.close();
  } catch (error) {
    await stream.abort().catch(() => undefined);
    // The new file is empty, unless an earlier one existed.
    if ((await file.getFile()).size === 0) await removeFile(folder, name);
    throw error;
  }
}

/** Undefined if the file does not exist. */
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
  await (await folderOf(folder)).removeEntry(name).catch(() => undefined); // another tab has already removed it
}

/** Milliseconds since 1970; undefined if the file does not exist. */
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
