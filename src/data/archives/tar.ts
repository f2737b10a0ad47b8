import { count } from '../../figures.ts';
import type { FileBytes, PlacedFile } from '../identify.ts';
import type { IgnoredFile } from '../reading_report.ts';
import { damaged } from '../unpacking_errors.ts';
import { type ArchiveContent, bytesBetween, entryPath, partOf, refuseTooMany } from './entry.ts';

// The POSIX ustar format: each entry is a 512-byte header block followed by its content, padded to whole blocks. Paths and numbers
// that don't fit into the header are stored in extra entries before it, in pax (x, g) or GNU tar (L) format.

const block = 512;
/** Bytes read at a time. Headers of small files are close together, so one read covers many of them. */
const windowBytes = 2 ** 20;
/** Maximum size in bytes of an extra entry, which holds a path and other pax attributes. */
const longestExtra = 2 ** 20;

/** @throws DataError if the archive is damaged or truncated, or contains a path that points outside of it. */
export async function filesInTar(archive: string, file: FileBytes): Promise<ArchiveContent> {
  const files: PlacedFile[] = [];
  const ignored: IgnoredFile[] = [];
  const read = windowOn(file);
  let next: { path?: string; size?: number } = {};
  let at = 0;
  while (at + block <= file.size) {
    const header = await read(at, block);
    if (header.every((byte) => byte === 0)) break;
    if (!isHeader(header)) throw damaged(archive, `no header of a tar archive at byte ${count(at)}`);
    const type = String.fromCharCode(header[156]!);
    const size = next.size ?? numberAt(header, 124, 12);
    if (!Number.isSafeInteger(size) || size < 0)
      throw damaged(archive, `an entry of ${size} bytes at byte ${count(at)}`);
    const from = at + block;
    at = from + Math.ceil(size / block) * block;
    const own = textAt(header, 0, 100);
    const isUstar = textAt(header, 257, 5) === 'ustar';
    const prefix = isUstar && header[263] === 0x30 ? textAt(header, 345, 155) : '';
    const name = next.path ?? (prefix ? `${prefix}/${own}` : own);
    if (from + size > file.size) {
      throw damaged(archive, `${name} of ${count(size)} bytes, of which only ${count(file.size - from)} are there`);
    }
    if (type === 'L' || type === 'x' || type === 'g') {
      if (size > longestExtra) throw damaged(archive, `a path of ${count(size)} bytes`);
      const extra = await read(from, size);
      if (type === 'L') next = { ...next, path: textAt(extra, 0, extra.length) };
      else if (type === 'x') next = { ...next, ...paxOf(extra) };
      continue;
    }
    next = {};
    const path = entryPath(archive, name);
    if (type === '1' || type === '2') ignored.push({ path, reason: 'a link in an archive' });
    else if ((type === '0' || type === '\0' || type === '7') && !path.endsWith('/')) {
      files.push({ path, file: partOf(file, from, size) });
    }
    refuseTooMany(archive, files.length + ignored.length);
  }
  return { files: lastOfEach(files, ignored), ignored };
}

/** Keeps only the last entry of each path, as unpacking with tar does. */
function lastOfEach(files: readonly PlacedFile[], ignored: IgnoredFile[]): PlacedFile[] {
  const byPath = new Map<string, PlacedFile>();
  for (const file of files) {
    if (byPath.has(file.path))
      ignored.push({ path: file.path, reason: 'a later file of the archive has the same path' });
    byPath.set(file.path, file);
  }
  return [...byPath.values()];
}

function windowOn(file: FileBytes): (at: number, length: number) => Promise<Uint8Array> {
  let begin = 0;
  let bytes = new Uint8Array();
  return async (at, length) => {
    if (at < begin || at + length > begin + bytes.length) {
      begin = at;
      bytes = await bytesBetween(file, at, at + Math.max(length, windowBytes));
    }
    return bytes.subarray(at - begin, at - begin + length);
  };
}

/** Checks the header's checksum, which is computed with its own bytes replaced by spaces. */
function isHeader(header: Uint8Array): boolean {
  const sum = header.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  return sum === numberAt(header, 148, 8);
}

/** Parses octal digits, or a binary number if the first bit is set. */
function numberAt(bytes: Uint8Array, at: number, length: number): number {
  if (bytes[at]! & 0x80) return bytes.subarray(at + 1, at + length).reduce((value, byte) => value * 256 + byte, 0);
  const digits = textAt(bytes, at, length).trim();
  return digits === '' ? 0 : /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

function textAt(bytes: Uint8Array, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

/** Parses pax records such as "27 path=a/long/path\n": the length of the line, a key and a value. */
function paxOf(bytes: Uint8Array): { path?: string; size?: number } {
  const found: { path?: string; size?: number } = {};
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = Number.parseInt(new TextDecoder().decode(bytes.subarray(at, space)), 10);
    if (space < 0 || !(length > 0)) break;
    const [, key, value] =
      /^([^=]*)=([\s\S]*)\n$/.exec(new TextDecoder().decode(bytes.subarray(space + 1, at + length))) ?? [];
    if (key === 'path') found.path = value!;
    if (key === 'size') found.size = Number(value);
    at += length;
  }
  return found;
}
