import { type Content, type FileFormat, formatOf, headBytes } from './file_formats.ts';
import { unpackGzip } from './gunzip.ts';
import { isGzip } from './gzip_format.ts';
import { isDamage } from './unpacking_errors.ts';

/** The bytes of a file, with a Blob's interface: a browser's File is one. */
export interface FileBytes {
  /** Size in bytes. */
  size: number;
  /** A part of the file, from byte `start` up to but not including byte `end`. */
  slice(start: number, end: number): Pick<FileBytes, 'arrayBuffer'>;
  /** Reads the whole file. */
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** A file with its path. */
export interface PlacedFile {
  /** Path relative to the folder that the user chose, with forward slashes. */
  path: string;
  /** Content. */
  file: FileBytes;
}

/** A file whose format has been detected. */
export interface IdentifiedFile extends PlacedFile {
  format: FileFormat;
}

export type FileIdentifier = (files: readonly PlacedFile[]) => Promise<IdentifiedFile[]>;

/** Moves files into a folder. */
export const placeUnder = (folder: string, files: readonly PlacedFile[]): PlacedFile[] =>
  files.map(({ path, file }) => ({ path: `${folder}/${path}`, file }));

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
export const foldersOf = (path: string): string[] => path.split('/').slice(0, -1);

/** Number of files read concurrently; reading thousands of small files sequentially would take minutes. */
const atOnce = 16;

/** Detects the format of each file. The result is sorted by path, so that the same files always give the same data set. */
export async function identifyFiles(files: readonly PlacedFile[], signal?: AbortSignal): Promise<IdentifiedFile[]> {
  const sorted = files
    .map((file) => ({ file, order: orderOf(file.path) }))
    .sort((a, b) => inOrder(a.order, b.order) || inOrder(a.file.path, b.file.path))
    .map(({ file }) => file);
  const isHidden = hiddenAmong(sorted.map(({ path }) => path));
  const identified: IdentifiedFile[] = Array(sorted.length);
  let next = 0;
  const work = async () => {
    while (next < sorted.length) {
      signal?.throwIfAborted();
      const at = next++;
      const { path, file } = sorted[at]!;
      const format = isHidden(path) ?? (await identify(path, file).catch(damagedFormat));
      identified[at] = { path, file, format };
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return identified;
}

/** If one file of an archive is damaged, it is left out of the data set and the others are read. */
function damagedFormat(error: unknown): FileFormat {
  if (isDamage(error)) return { kind: 'other', name: 'damaged in its archive', fix: 'download the archive again' };
  throw error;
}

/** Sort key in which data_batch_10 follows data_batch_2. Sorting by code units is the same in every browser and in Node. */
const orderOf = (path: string) => path.replace(/\d+/g, (digits) => digits.padStart(12, '0'));
const inOrder = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

const systemNames = /^(thumbs\.db|ehthumbs(_vista)?\.db|desktop\.ini|icon\r)$/i;
const systemFolders = /^(__MACOSX|\$RECYCLE\.BIN|System Volume Information|@eaDir)$/i;

/** Detects files that operating systems add: hidden files, and certain names. The folder around all files may itself be hidden. */
function hiddenAmong(paths: readonly string[]): (path: string) => FileFormat | undefined {
  const [first = ''] = paths;
  const root = first.split('/')[0]!;
  const skip = paths.every((path) => path.startsWith(`${root}/`)) ? 1 : 0;
  return (path) => {
    const parts = path.split('/').slice(skip);
    const isSystem =
      parts.some((part) => part.startsWith('.') || systemFolders.test(part)) || systemNames.test(nameOf(path));
    return isSystem ? { kind: 'system', name: 'hidden or system file' } : undefined;
  };
}

async function identify(path: string, file: FileBytes): Promise<FileFormat> {
  const bytes = async (start: number, end: number) => new Uint8Array(await file.slice(start, end).arrayBuffer());
  const head = await bytes(0, headBytes);
  if (!isGzip(head)) {
    const bytesAt = (positions: readonly number[]) =>
      Promise.all(positions.map(async (position) => (await bytes(position, position + 1))[0]!));
    return formatOf(path, { size: file.size, head, bytesAt });
  }
  const inside = await identifyGzip(path, file);
  if (inside.name === 'tar archive') return { ...inside, name: 'tar archive (.tar.gz)', gzip: true };
  if (readPacked.includes(inside.kind)) return { ...inside, gzip: true };
  const name = `${inside.name}, compressed by gzip`;
  return { kind: 'other', name, fix: inside.fix ?? 'unpack it, and give the result' };
}

/** Kinds of files that are also read from .gz. */
const readPacked: readonly FileFormat['kind'][] = ['idx', 'cifar10', 'cifar100', 'npy', 'parquet', 'matlab', 'table'];

/** Larger files are not decompressed just to detect their format. */
const mostUnpacked = 64 * 2 ** 20;

async function identifyGzip(path: string, file: FileBytes): Promise<FileFormat> {
  const inner = path.replace(/\.gz$/i, '');
  const head = await gzipHead(file);
  const short: Content = { size: Number.NaN, head, bytesAt: async () => [] };
  const format = head.length ? await formatOf(inner, short) : undefined;
  const isKnown = format && !format.name.startsWith('unknown');
  if (isKnown || file.size > mostUnpacked) return format ?? { kind: 'other', name: 'gzip archive' };
  try {
    const { data } = await unpackGzip(new Uint8Array(await file.arrayBuffer()), path);
    const bytesAt = async (positions: readonly number[]) => positions.map((position) => data[position]!);
    return await formatOf(inner, { size: data.length, head: data.subarray(0, headBytes), bytesAt });
  } catch {
    // The IDX reader reports what is wrong with the file.
    if (/idx|ubyte/i.test(nameOf(path))) return { kind: 'idx', name: 'IDX' };
    return { kind: 'other', name: 'gzip archive that is damaged or truncated', fix: 'download the file again' };
  }
}

const fewBytes = 1024;

/** The first bytes of a gzip file's content, without decompressing all of it; empty if that fails. */
async function gzipHead(file: FileBytes): Promise<Uint8Array> {
  const { readable, writable } = new DecompressionStream('gzip');
  const [reader, writer] = [readable.getReader(), writable.getWriter()];
  const head: number[] = [];
  // Read to the end: without a reader, a write to the stream would block forever.
  const reading = (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (head.length < headBytes) head.push(...value.subarray(0, headBytes));
    }
  })().catch(() => undefined);
  try {
    const packed = new Uint8Array(await file.slice(0, 64 * fewBytes).arrayBuffer());
    // Write small chunks and await each: bytes after the end of a short member make the stream discard its pending output.
    for (let at = 0; at < packed.length && head.length < headBytes; at += fewBytes) {
      await writer.write(packed.subarray(at, at + fewBytes));
    }
    await writer.close();
  } catch {
    // The compressed data is truncated, or another member follows the first one.
  }
  await reading;
  return Uint8Array.from(head.slice(0, headBytes));
}
