// biome-ignore-all lint/suspicious/noControlCharactersInRegex: signatures consist of such bytes

import { isWidePng } from '../png/png_head.ts';
import { cifar10RecordBytes } from './cifar.ts';

/** The format of a file, determined by its content. The name is only used if the content has no signature. */
export interface FileFormat {
  kind:
    | 'picture'
    | 'archive'
    | 'idx'
    | 'cifar10'
    | 'cifar100'
    | 'npy'
    | 'parquet'
    | 'matlab'
    | 'table'
    | 'text'
    | 'system'
    | 'empty'
    | 'other';
  /** Readable name: "PNG", "NumPy archive (.npz)". */
  name: string;
  /** Whether the content is compressed with gzip. */
  gzip?: boolean;
  /** Whether a picture has 16 bits per channel. Undefined for other files, and for pictures in tables, which are not identified. */
  isWide?: boolean;
  /** Number of axes of an IDX file: labels have one, images have more. */
  dimensions?: number;
  /** How to convert the file to a format that wgrad reads. */
  fix?: string;
}

/** Name of the CSV format. Such a file may contain the labels of pictures. */
export const csvTable = 'table of values (CSV)';

/** Enough bytes for the signature of a tar archive, at byte 257, and for the names of the first entries of a zip archive. */
export const headBytes = 512;

const unpack = 'unpack it, and use the resulting folder';
const convert = 'write every image as a PNG into a folder named after its class, or all of them as IDX files';
const cifarBinary = 'use the binary version of CIFAR-10 (cifar-10-binary.tar.gz, unpacked)';

/** Signatures in the first bytes, as text with one character per byte. More specific ones come first. */
const signatures: [RegExp, FileFormat['kind'], name: string, fix?: string][] = [
  [/^\x89PNG\r\n\x1a\n/, 'picture', 'PNG'],
  [/^\xff\xd8\xff/, 'picture', 'JPEG'],
  [/^GIF8[79]a/, 'picture', 'GIF'],
  [/^RIFF[\s\S]{4}WEBP/, 'picture', 'WebP'],
  [/^BM[\s\S]{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0/, 'picture', 'BMP'],
  [/^[\s\S]{4}ftyp([\s\S]{4}){0,8}avi[fs]/, 'picture', 'AVIF'],
  [/^[\s\S]{4}ftyp(hei[cfmsx]|hev[cmsx]|mif1|msf1)/, 'picture', 'HEIC'],
  [/^(II[*+]\0|MM\0[*+])/, 'picture', 'TIFF'],
  [/^P[14][\s#]/, 'picture', 'PBM'],
  [/^P[25][\s#]/, 'picture', 'PGM'],
  [/^P[36][\s#]/, 'picture', 'PPM'],
  [/^P7\nWIDTH/, 'picture', 'PAM'],
  [/^P[Ff]\n/, 'picture', 'PFM'],
  [/^\0\0\0\x0cJXL |^\xff\x0a/, 'picture', 'JPEG XL'],
  [/^\0\0\0\x0cjP {2}|^\xff\x4f\xff\x51/, 'picture', 'JPEG 2000'],
  [/^8BPS/, 'picture', 'Photoshop (PSD)'],
  [/^v\/1\x01/, 'picture', 'OpenEXR'],
  [/^qoif/, 'picture', 'QOI'],
  [/^DDS /, 'picture', 'DDS'],
  [/^#\?RADIANCE/, 'picture', 'Radiance HDR'],
  [/^[\s\S]{128}DICM/, 'picture', 'DICOM'],
  [/^SIMPLE {2}=/, 'picture', 'FITS'],
  [/^\0\x05\x16[\0\x07]/, 'system', 'macOS metadata (AppleDouble)'],
  [/^\x93NUMPY/, 'npy', 'NumPy array (.npy)'],
  [/^PK\x03\x04[\s\S]*?\.npy/, 'archive', 'NumPy archive (.npz)'],
  [/^PK\x03\x04[\s\S]*?\/data\.pkl/, 'other', 'PyTorch file', convert],
  [/^PK\x03\x04[\s\S]{26}(\[Content_Types\]|_rels\/)/, 'other', 'Office document', 'save its table as CSV'],
  [/^PK(\x03\x04|\x05\x06|\x07\x08)/, 'archive', 'zip archive'],
  [/^[\s\S]{257}ustar/, 'archive', 'tar archive'],
  [/^BZh[1-9]/, 'other', 'bzip2 archive', unpack],
  [/^\xfd7zXZ\0/, 'other', 'xz archive', unpack],
  [/^\x28\xb5\x2f\xfd/, 'other', 'Zstandard archive', unpack],
  [/^7z\xbc\xaf\x27\x1c/, 'other', '7-Zip archive', unpack],
  [/^Rar!\x1a\x07/, 'other', 'RAR archive', unpack],
  [/^PAR1/, 'parquet', 'Parquet table'],
  [/^(ARROW1|FEA1)/, 'other', 'Arrow table', convert],
  [/^\x89HDF\r\n\x1a\n/, 'other', 'HDF5 file', convert],
  [/^MATLAB 5\.0 MAT-file/, 'matlab', 'MATLAB file (.mat)'],
  [/^SQLite format 3\0/, 'other', 'SQLite database', convert],
  [
    /^\x80[\x02-\x05][\s\S]*(batch_label|coarse_labels|fine_labels|num_cases_per_batch)/,
    'other',
    'CIFAR, Python version',
    cifarBinary,
  ],
  [/^\x80[\x02-\x05]/, 'other', 'Python pickle', `${cifarBinary} where it is CIFAR-10's; else ${convert}`],
  [/^%PDF-/, 'other', 'PDF'],
  [/^[\s\S]{4}ftyp/, 'other', 'video', convert],
];

/** Formats without a signature, by file name extension. */
const endings: [RegExp, name: string, fix: string][] = [
  [/\.tfrecords?(-\d+-of-\d+)?$/i, 'TFRecord file', convert],
  [/\.mdb$/i, 'LMDB database', convert],
];

const idxTypes = [0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e];
const cifar100RecordBytes = cifar10RecordBytes + 1;
const isCifarName = (path: string) => /(data|test)_batch[^/]*\.bin$/i.test(path);

/** The first bytes of a file, with access to the later bytes that distinguish formats without a signature. */
export interface Content {
  size: number;
  head: Uint8Array;
  /** Reads single bytes at the given positions. */
  bytesAt(positions: readonly number[]): Promise<number[]>;
}

/** Detects the format of uncompressed content. */
export async function formatOf(path: string, content: Content): Promise<FileFormat> {
  const { size, head } = content;
  if (size === 0) return { kind: 'empty', name: 'empty file' };
  const text = String.fromCharCode(...head);
  const signature = signatures.find(([pattern]) => pattern.test(text));
  if (signature) {
    const [, kind, name, fix] = signature;
    return { kind, name, ...(fix && { fix }), ...(isWidePng(head) && { isWide: true }) };
  }
  const idx = idxSizeOf(head);
  const idxFormat: FileFormat = { kind: 'idx', name: 'IDX', dimensions: head[3] };
  if (idx === size) return idxFormat;
  const cifar = await cifarOf(path, content);
  if (cifar) return cifar;
  if (idx !== undefined) return idxFormat;
  if (/^\0\0\x01\0[^\0]/.test(text)) return { kind: 'picture', name: 'ICO' };
  return (
    textFormatOf(head) ?? byEnding(path) ?? { kind: 'other', name: `unknown format, which begins with ${hexOf(head)}` }
  );
}

/** File size according to an IDX header; NaN if the header is truncated, undefined for another format. */
function idxSizeOf(head: Uint8Array): number | undefined {
  const [first, second, type, dimensions] = head;
  if (first !== 0 || second !== 0 || !idxTypes.includes(type!) || !dimensions || dimensions > 4) return undefined;
  const header = 4 + 4 * dimensions;
  if (head.length < header) return Number.NaN;
  const view = new DataView(head.buffer, head.byteOffset, header);
  const bytesAnElement = { 11: 2, 12: 4, 13: 4, 14: 8 }[type!] ?? 1;
  let elements = 1;
  for (let i = 0; i < dimensions; i++) elements *= view.getUint32(4 + 4 * i);
  return header + bytesAnElement * elements;
}

const lookedAt = 64;
const cifar10Classes = 10;
const [coarseClasses, fineClasses] = [20, 100];

/**
 * CIFAR's binary files have no signature, but their size is a multiple of the record size and each record begins with a valid
 * label.
 */
async function cifarOf(path: string, { size, bytesAt }: Content): Promise<FileFormat | undefined> {
  const labels = (record: number, offset: number) => {
    const step = Math.max(1, Math.floor(size / record / lookedAt));
    const positions = Array.from({ length: Math.min(lookedAt, size / record) }, (_, i) => i * step * record + offset);
    return bytesAt(positions);
  };
  if (size % cifar10RecordBytes === 0) {
    const isCifar = isCifarName(path) || (await labels(cifar10RecordBytes, 0)).every((label) => label < cifar10Classes);
    if (isCifar) return { kind: 'cifar10', name: 'CIFAR-10, binary version' };
  }
  if (size % cifar100RecordBytes === 0) {
    const [coarse, fine] = [await labels(cifar100RecordBytes, 0), await labels(cifar100RecordBytes, 1)];
    if (coarse.every((label) => label < coarseClasses) && fine.every((label) => label < fineClasses)) {
      return { kind: 'cifar100', name: 'CIFAR-100, binary version' };
    }
  }
  return undefined;
}

function textFormatOf(head: Uint8Array): FileFormat | undefined {
  let text: string;
  try {
    // The end of the head may cut a character in half.
    text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
  } catch {
    return undefined;
  }
  if (/[^\t\n\f\r\x20-\u{10ffff}]/u.test(text)) return undefined;
  const other = (name: string, fix?: string): FileFormat => ({ kind: 'other', name, ...(fix && { fix }) });
  const table: FileFormat = { kind: 'table', name: csvTable };
  if (/<svg[\s>]/i.test(text)) return { kind: 'picture', name: 'SVG' };
  if (/^\s*<(!doctype html|html)/i.test(text)) return other('HTML page');
  if (/^\s*<\?xml/.test(text)) return other('XML');
  if (/^version https:\/\/git-lfs/.test(text)) return other('Git LFS pointer', 'fetch the file itself: git lfs pull');
  if (/^\s*[[{]/.test(text)) return other('JSON');
  const [line = ''] = text.trimStart().split('\n');
  if ([',', '\t', ';'].some((separator) => line.split(separator).length > 2)) return table;
  if (/^[^,\n]+,[^,\n]+$/m.test(line)) return table;
  return { kind: 'text', name: 'text' };
}

function byEnding(path: string): FileFormat | undefined {
  const ending = endings.find(([pattern]) => pattern.test(path));
  return ending && { kind: 'other', name: ending[1], fix: ending[2] };
}

const hexOf = (head: Uint8Array) =>
  `0x${Array.from(head.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
