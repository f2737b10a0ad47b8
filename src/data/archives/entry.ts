import { DataError } from '../../errors.ts';
import { count } from '../../figures.ts';
import type { FileBytes, PlacedFile } from '../identify.ts';
import type { IgnoredFile } from '../reading_report.ts';

/** Contents of an archive. */
export interface ArchiveContent {
  files: PlacedFile[];
  /** Entries that are not regular files or can't be read, with the reason. */
  ignored: IgnoredFile[];
}

/** Maximum number of files in an archive. */
const mostEntries = 2_000_000;
export function refuseTooMany(path: string, entries: number): void {
  if (entries <= mostEntries) return;
  throw new DataError({
    what: `${path} holds too many files`,
    found: `${count(entries)} or more`,
    expected: `at most ${count(mostEntries)}`,
    fix: 'unpack it, and use the resulting folder, or a part of it',
  });
}

/**
 * Normalizes the path of an entry: forward slashes, no leading "./".
 *
 * @throws DataError for a path that points outside of the folder the archive is unpacked into.
 */
export function entryPath(archive: string, name: string): string {
  const path = name.replaceAll('\\', '/').replace(/^(\.\/+)+/, '');
  const leadsOut = path.startsWith('/') || /^[a-z]:/i.test(path) || path.split('/').includes('..');
  if (!leadsOut && !path.includes('\0')) return path.replace(/\/{2,}/g, '/');
  throw new DataError({
    what: `${archive} is not read: a path in it leads out of the folder that it would be unpacked into`,
    found: name.slice(0, 200),
    expected: 'paths without .. that do not begin with a slash or a drive',
    fix: 'get it from another source, or make a new archive of its folder',
  });
}

/** Returns a range of a file as a file. */
export function partOf(file: FileBytes, from: number, size: number): FileBytes {
  return {
    size,
    arrayBuffer: () => file.slice(from, from + size).arrayBuffer(),
    slice: (start, end) => file.slice(from + Math.min(start, size), from + Math.min(end, size)),
  };
}

export async function bytesBetween(file: FileBytes, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await file.slice(start, Math.min(end, file.size)).arrayBuffer());
}

/** Removes the extension from an archive's name: train.tar.gz becomes the folder train. */
export const withoutEnding = (path: string) =>
  path.replace(/\.(zip|npz|tar|tgz|tar\.gz|tar\.z|gz)$/i, '').replace(/\.tar$/i, '');
