import { readdirSync, realpathSync, statSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { FileBytes, PlacedFile } from '../data/index.ts';
import { DataError } from '../errors.ts';

/** All files in a folder and its subfolders, following links, or the single file at that path. */
export function filesIn(path: string): PlacedFile[] {
  if (!statSync(path).isDirectory()) return [{ path: basename(path), file: bytesOf(path, statSync(path).size) }];
  const files: PlacedFile[] = [];
  collect(path, '', new Set(), files);
  return files;
}

/** @param above the real paths of the enclosing folders: following a link to one of them would never end. */
function collect(folder: string, prefix: string, above: ReadonlySet<string>, files: PlacedFile[]): void {
  const real = realpathSync(folder);
  if (above.has(real)) return;
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (cause) {
    throw new DataError({ what: `The folder ${folder} cannot be read`, found: (cause as Error).message }, { cause });
  }
  for (const name of names) {
    const path = join(folder, name);
    const facts = statSync(path, { throwIfNoEntry: false }); // undefined for a broken link
    if (facts?.isDirectory()) collect(path, `${prefix}${name}/`, new Set([...above, real]), files);
    else if (facts?.isFile()) files.push({ path: `${prefix}${name}`, file: bytesOf(path, facts.size) });
  }
}

/** The bytes of a file, read on demand: thousands of pictures need not be in memory at once. */
function bytesOf(path: string, size: number): FileBytes {
  return {
    size,
    arrayBuffer: async () => toArrayBuffer(await readable(path, () => readFile(path))),
    slice: (start, end) => ({
      arrayBuffer: async () => {
        const length = Math.max(0, Math.min(end, size) - start);
        const bytes = await readable(path, async () => {
          const file = await open(path);
          try {
            return (await file.read(new Uint8Array(length), 0, length, start)).buffer;
          } finally {
            await file.close();
          }
        });
        return toArrayBuffer(bytes);
      },
    }),
  };
}

async function readable<Value>(path: string, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (cause) {
    throw new DataError({ what: `The file ${path} cannot be read`, found: (cause as Error).message }, { cause });
  }
}

/** Copies the bytes of small files, which Node keeps in a shared buffer. */
function toArrayBuffer({ buffer, byteOffset, byteLength }: Uint8Array): ArrayBuffer {
  const isWhole = byteOffset === 0 && byteLength === buffer.byteLength;
  return (isWhole ? buffer : buffer.slice(byteOffset, byteOffset + byteLength)) as ArrayBuffer;
}
