import { DataError } from '../../errors.ts';
import { count } from '../../figures.ts';
import type { FileBytes, PlacedFile } from '../identify.ts';
import type { IgnoredFile } from '../reading_report.ts';

/** What an archive holds. */
export interface ArchiveContent {
  files: PlacedFile[];
  /** Entries that are no files, or that cannot be read, and why. */
  ignored: IgnoredFile[];
}

/** An archive has at most this many files. */
const mostEntries = 2_000_000;
export function refuseTooMany(path: string, entries: number): void {
  if (entries <= mostEntries) return;
  throw new DataError({
    what: `${path} holds too many files`,
    found: `${count(entries)} or more`,
    expected: `at most ${count(mostEntries)}`,
    fix: 'unpack it, and give the resulting folder, or a part of it',
  });
}

/**
 * The path of an entry: slashes, without "./" at the start.
 *
 * @throws DataError for a path that leads out of the folder that the archive would be unpacked into.
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

/** A part of a file, as a file. */
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

/** The name of an archive without its ending: train.tar.gz holds the folder train. */
export const withoutEnding = (path: string) =>
  path.replace(/\.(zip|npz|tar|tgz|tar\.gz|tar\.z|gz)$/i, '').replace(/\.tar$/i, '');
