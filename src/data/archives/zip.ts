import { Inflate } from 'fflate';
import { crc32 } from '../../crc32.ts';
import { DataError } from '../../errors.ts';
import { count } from '../../figures.ts';
import type { FileBytes, PlacedFile } from '../identify.ts';
import type { IgnoredFile } from '../reading_report.ts';
import { damaged, mostUnpacked, refuseBomb, tooLarge } from '../unpacking_errors.ts';
import { type ArchiveContent, bytesBetween, entryPath, partOf, refuseTooMany } from './entry.ts';

// PKWARE's APPNOTE.TXT: the entries, then the central directory, then an end record with the directory's position. With more than
// 65,534 entries or 4 GiB ("zip64"), another record holds the wide numbers.

const endRecord = 0x06054b50;
const end64Record = 0x06064b50;
const end64Locator = 0x07064b50;
const directoryRecord = 0x02014b50;
const localRecord = 0x04034b50;
const [endBytes, locatorBytes, directoryBytes, localBytes] = [22, 20, 46, 30];
const longestComment = 0xffff;
/** Placeholder for a number that needs more than 32 bits. */
const isWide = 0xffffffff;

const methods: Readonly<Record<number, string>> = {
  1: 'Shrink',
  6: 'Implode',
  9: 'Deflate64',
  12: 'bzip2',
  14: 'LZMA',
  93: 'Zstandard',
  95: 'xz',
  99: 'AES encryption',
};
const [stored, deflated] = [0, 8];

interface Entry {
  path: string;
  method: number;
  crc: number;
  packed: number;
  size: number;
  /** Offset of the entry's local header. */
  at: number;
}

/**
 * The files in a zip archive. Each is unpacked when it is read, and at most one unpacked file per archive is kept in memory.
 *
 * @throws DataError if the archive is damaged, is a zip bomb, or contains a path that points outside of it.
 */
export async function filesInZip(archive: string, file: FileBytes): Promise<ArchiveContent> {
  const { entries, ignored, start } = await directoryOf(archive, file);
  const packed = entries.reduce((sum, entry) => sum + entry.packed, 0);
  // Overlapping entries are how zip bombs expand to petabytes.
  if (packed > file.size) throw damaged(archive, `entries of ${count(packed)} bytes in ${count(file.size)}`);
  const unpacked = entries.reduce((sum, { size }) => sum + size, 0);
  refuseBomb(archive, packed, unpacked);
  for (const entry of entries) refuseBomb(`${archive}: ${entry.path}`, entry.packed, entry.size);
  const kept: Kept = {};
  const files = entries.map(
    (entry): PlacedFile => ({ path: entry.path, file: entryBytes(archive, file, entry, start, kept) }),
  );
  return { files, ignored };
}

async function directoryOf(archive: string, file: FileBytes) {
  const tailAt = Math.max(0, file.size - endBytes - longestComment - locatorBytes);
  const tail = await bytesBetween(file, tailAt, file.size);
  const view = new DataView(tail.buffer);
  let end = tail.length - endBytes;
  while (
    end >= 0 &&
    !(view.getUint32(end, true) === endRecord && end + endBytes + view.getUint16(end + 20, true) <= tail.length)
  ) {
    end--;
  }
  if (end < 0) throw damaged(archive, `${count(file.size)} bytes without the directory at the end of a zip archive`);
  let directory = {
    count: view.getUint16(end + 10, true),
    size: view.getUint32(end + 12, true),
    at: view.getUint32(end + 16, true),
  };
  let directoryEnd = tailAt + end;
  const isZip64 = end >= locatorBytes && view.getUint32(end - locatorBytes, true) === end64Locator;
  if (isZip64) {
    const wideAt = Number(view.getBigUint64(end - locatorBytes + 8, true));
    const wide = await bytesBetween(file, wideAt, wideAt + 56);
    const wideView = new DataView(wide.buffer);
    if (wide.length < 56 || wideView.getUint32(0, true) !== end64Record)
      throw damaged(archive, 'a zip64 archive without its directory');
    const number = (at: number) => Number(wideView.getBigUint64(at, true));
    directory = { count: number(32), size: number(40), at: number(48) };
    directoryEnd = wideAt;
  }
  refuseTooMany(archive, directory.count);
  // Data may precede the archive, as in a self-extracting executable. All positions are then shifted by its length.
  const start = directoryEnd - directory.size - directory.at;
  if (start < 0 || directory.count * directoryBytes > directory.size) {
    throw damaged(archive, `a directory of ${count(directory.count)} entries in ${count(directory.size)} bytes`);
  }
  const bytes = await bytesBetween(file, start + directory.at, directoryEnd);
  return { ...entriesIn(archive, bytes, directory.count), start };
}

function entriesIn(archive: string, bytes: Uint8Array, total: number) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Entry[] = [];
  const ignored: IgnoredFile[] = [];
  const paths = new Set<string>();
  let at = 0;
  for (let i = 0; i < total; i++) {
    if (at + directoryBytes > bytes.length || view.getUint32(at, true) !== directoryRecord) {
      throw damaged(archive, `entry ${count(i + 1)} of ${count(total)} is not in its directory`);
    }
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const nameAt = at + directoryBytes;
    const next = nameAt + nameLength! + extraLength! + commentLength!;
    if (next > bytes.length) throw damaged(archive, `entry ${count(i + 1)} of ${count(total)} is truncated`);
    const flags = view.getUint16(at + 8, true);
    const path = entryPath(archive, textOf(bytes.subarray(nameAt, nameAt + nameLength!)));
    const method = view.getUint16(at + 10, true);
    const entry: Entry = {
      ...{ path, method, crc: view.getUint32(at + 16, true) },
      ...wideNumbers(view, at, nameAt + nameLength!, extraLength!),
    };
    const isLink = ((view.getUint32(at + 38, true) >>> 28) & 0xf) === 0xa && bytes[at + 5] === 3; // Created on Unix.
    at = next;
    if (path.endsWith('/') || path === '') continue;
    const reason = isLink
      ? 'a link in an archive'
      : flags & 1
        ? 'encrypted in its archive: unpack it with its password'
        : method !== stored && method !== deflated
          ? `compressed with ${methods[method] ?? `method ${method}`}, which wgrad does not read: unpack the archive`
          : paths.has(path)
            ? 'another file of the archive has the same path, and the first one was used'
            : undefined;
    paths.add(path);
    if (reason) ignored.push({ path, reason });
    else entries.push(entry);
  }
  return { entries, ignored };
}

/** The sizes and the position of an entry; values that don't fit into 32 bits are in an extra field. */
function wideNumbers(view: DataView, at: number, extraAt: number, extraLength: number) {
  const values = {
    size: view.getUint32(at + 24, true),
    packed: view.getUint32(at + 20, true),
    at: view.getUint32(at + 42, true),
  };
  for (let field = extraAt; field + 4 <= extraAt + extraLength; ) {
    const [id, length] = [view.getUint16(field, true), view.getUint16(field + 2, true)];
    let from = field + 4;
    if (id === 1) {
      for (const key of ['size', 'packed', 'at'] as const) {
        if (values[key] !== isWide || from + 8 > Math.min(field + 4 + length, extraAt + extraLength)) continue;
        values[key] = Number(view.getBigUint64(from, true));
        from += 8;
      }
    }
    field += 4 + length;
  }
  return values;
}

/** All newer archives use UTF-8 names, regardless of the flag. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return new TextDecoder('latin1').decode(bytes);
  }
}

/** The most recently unpacked file. */
interface Kept {
  entry?: Entry;
  bytes?: Promise<Uint8Array<ArrayBuffer>>;
}

function entryBytes(archive: string, file: FileBytes, entry: Entry, start: number, kept: Kept): FileBytes {
  const name = `${archive}: ${entry.path}`;
  const dataAt = async () => {
    const at = start + entry.at;
    const local = await bytesBetween(file, at, at + localBytes);
    const view = new DataView(local.buffer);
    if (local.length < localBytes || view.getUint32(0, true) !== localRecord)
      throw damaged(name, 'no entry at the place that its directory gives');
    const from = at + localBytes + view.getUint16(26, true) + view.getUint16(28, true);
    if (from + entry.packed > file.size)
      throw damaged(name, `${count(entry.packed)} bytes that extend past the archive's end`);
    return from;
  };
  const packedBytes = async () => {
    const from = await dataAt();
    return bytesBetween(file, from, from + entry.packed);
  };
  const whole = (): Promise<Uint8Array<ArrayBuffer>> => {
    if (kept.entry === entry) return kept.bytes!;
    if (entry.size > mostUnpacked) throw tooLarge(name, entry.size);
    kept.entry = entry;
    kept.bytes = packedBytes().then((packed) => {
      const bytes = entry.method === stored ? packed : unpack(name, packed, entry.size);
      if (bytes.length !== entry.size)
        throw damaged(name, `${count(bytes.length)} bytes instead of ${count(entry.size)}`);
      if (crc32(bytes) !== entry.crc) throw damaged(name, 'a checksum other than the archive has for it');
      return bytes;
    });
    return kept.bytes;
  };
  const slice = async (from: number, to: number): Promise<ArrayBuffer> => {
    if (entry.method === stored) return (await storedFile()).slice(from, to).arrayBuffer();
    // Reading the first bytes, which identify the format, must not require unpacking the whole file.
    if (kept.entry !== entry && to <= headBytes)
      return unpack(name, await headPacked(), to, true).slice(from, to).buffer;
    return (await whole()).slice(from, to).buffer;
  };
  const storedFile = async () => partOf(file, await dataAt(), entry.packed);
  const headPacked = async () => {
    const from = await dataAt();
    return bytesBetween(file, from, from + Math.min(entry.packed, mostOfHead));
  };
  return {
    size: entry.size,
    arrayBuffer: async () => (await whole()).slice().buffer,
    slice: (from, to) => ({ arrayBuffer: () => slice(from, Math.min(to, entry.size)) }),
  };
}

const headBytes = 4096;
/** Compressed bytes that suffice to unpack the head of any file. A deflate block may begin with a table of a few hundred bytes. */
const mostOfHead = 16 * headBytes;
const step = 64 * 1024;

/** Inflates up to `most` bytes: a whole file, which must not have more, or its head. */
function unpack(name: string, packed: Uint8Array, most: number, isHead = false): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(most);
  let length = 0;
  let isDone = false;
  const stream = new Inflate((chunk, final) => {
    isDone ||= final;
    if (!isHead && length + chunk.length > most) {
      throw damaged(name, `more than the ${count(most)} bytes that the archive declares`);
    }
    const taken = chunk.subarray(0, most - length);
    bytes.set(taken, length);
    length += taken.length;
  });
  try {
    for (let at = 0; at < packed.length && !isDone && (!isHead || length < most); at += step) {
      stream.push(packed.subarray(at, at + step), !isHead && at + step >= packed.length);
    }
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw damaged(name, (cause as Error).message, cause);
  }
  return length === most ? bytes : bytes.slice(0, length);
}
