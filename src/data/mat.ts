import { Unzlib } from 'fflate';
import { concatenated } from '../concatenated.ts';
import { DataError } from '../errors.ts';
import { count as counted } from '../figures.ts';
import { product } from '../product.ts';
import type { Numbers } from './formats/image_values.ts';
import { damaged, mostUnpacked, refuseBomb, tooLarge } from './unpacking_errors.ts';

// "MAT-File Format", version 5: a header of 128 bytes, then elements of a type, a length and the bytes. A variable's element may be
// compressed with zlib. A matrix consists of flags, dimensions, a name and numbers, first axis innermost.

/** A numeric variable in a .mat file, first axis innermost. */
export interface Matrix {
  name: string;
  shape: number[];
  data: Numbers;
}

const headerBytes = 128;
const [compressed, matrix] = [15, 14];
const numericClasses = { first: 6, last: 15 };
const complexFlag = 0x08;

type Reader = (view: DataView, at: number, isLittle: boolean) => number;
/** For each element type: bytes per number, array class, and reader. */
const types: Readonly<Record<number, [bytes: number, new (length: number) => Numbers, Reader]>> = {
  1: [1, Int8Array, (view, at) => view.getInt8(at)],
  2: [1, Uint8Array, (view, at) => view.getUint8(at)],
  3: [2, Int16Array, (view, at, isLittle) => view.getInt16(at, isLittle)],
  4: [2, Uint16Array, (view, at, isLittle) => view.getUint16(at, isLittle)],
  5: [4, Int32Array, (view, at, isLittle) => view.getInt32(at, isLittle)],
  6: [4, Uint32Array, (view, at, isLittle) => view.getUint32(at, isLittle)],
  7: [4, Float32Array, (view, at, isLittle) => view.getFloat32(at, isLittle)],
  9: [8, Float64Array, (view, at, isLittle) => view.getFloat64(at, isLittle)],
  12: [8, Float64Array, (view, at, isLittle) => Number(view.getBigInt64(at, isLittle))],
  13: [8, Float64Array, (view, at, isLittle) => Number(view.getBigUint64(at, isLittle))],
};

interface Element {
  type: number;
  bytes: Uint8Array;
  next: number;
}

/**
 * Parses the numeric matrices in a .mat file.
 *
 * @returns also the names of other variables: strings, cells, structures.
 * @throws DataError if the file is damaged or truncated.
 */
export function parseMat(file: Uint8Array, path: string): { matrices: Matrix[]; others: string[] } {
  const isLittle = file[126] === 0x49; // The header ends in "IM" for little-endian files.
  const matrices: Matrix[] = [];
  const others: string[] = [];
  const take = ({ type, bytes }: Element): void => {
    if (type === compressed) {
      const inner = inflated(bytes, path);
      take(elementAt(inner, 0, isLittle, path));
    } else if (type === matrix) {
      const found = matrixIn(bytes, isLittle, path);
      if (typeof found === 'string') others.push(found);
      else matrices.push(found);
    }
  };
  for (let at = headerBytes; at + 8 <= file.length; ) {
    const element = elementAt(file, at, isLittle, path);
    take(element);
    at = element.next;
  }
  return { matrices, others };
}

function elementAt(bytes: Uint8Array, at: number, isLittle: boolean, path: string): Element {
  if (at + 8 > bytes.length) throw damaged(path, `an element at byte ${counted(at)} of ${counted(bytes.length)}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getUint32(at, isLittle);
  // Up to four bytes are stored in the tag itself, whose upper half is then their number.
  if (first >>> 16) {
    const length = first >>> 16;
    if (length > 4) throw damaged(path, `an element of ${length} bytes in 4`);
    return { type: first & 0xffff, bytes: bytes.subarray(at + 4, at + 4 + length), next: at + 8 };
  }
  const length = view.getUint32(at + 4, isLittle);
  const from = at + 8;
  if (from + length > bytes.length)
    throw damaged(path, `an element of ${counted(length)} bytes, of which ${counted(bytes.length - from)} are there`);
  const padding = first === compressed ? 0 : (8 - (length % 8)) % 8;
  return { type: first, bytes: bytes.subarray(from, from + length), next: from + length + padding };
}

function inflated(bytes: Uint8Array, path: string): Uint8Array {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const stream = new Unzlib((chunk) => {
    chunks.push(chunk);
    size += chunk.length;
    refuseBomb(path, bytes.length, size);
    if (size > mostUnpacked) throw tooLarge(path, size);
  });
  try {
    const step = 2 ** 18;
    for (let at = 0; at < bytes.length; at += step)
      stream.push(bytes.subarray(at, at + step), at + step >= bytes.length);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw damaged(path, (cause as Error).message, cause);
  }
  return concatenated(Uint8Array, chunks);
}

/** @returns only the name if the variable is not a real numeric matrix. */
function matrixIn(bytes: Uint8Array, isLittle: boolean, path: string): Matrix | string {
  const flags = elementAt(bytes, 0, isLittle, path);
  const axes = elementAt(bytes, flags.next, isLittle, path);
  const naming = elementAt(bytes, axes.next, isLittle, path);
  const name = new TextDecoder('latin1').decode(naming.bytes);
  const [kind, flag] = isLittle ? [flags.bytes[0]!, flags.bytes[1]!] : [flags.bytes[3]!, flags.bytes[2]!];
  if (!(kind >= numericClasses.first && kind <= numericClasses.last) || flag & complexFlag) return name;
  const view = new DataView(axes.bytes.buffer, axes.bytes.byteOffset, axes.bytes.byteLength);
  const shape = Array.from({ length: axes.bytes.length >> 2 }, (_, i) => view.getInt32(4 * i, isLittle));
  const { type, bytes: content } = elementAt(bytes, naming.next, isLittle, path);
  const stored = types[type];
  const count = product(shape);
  if (!stored || shape.some((n) => n < 0) || count * stored[0] !== content.length) {
    throw damaged(path, `${name} of ${shape.join(' x ')} in ${counted(content.length)} bytes`);
  }
  const [size, Type, read] = stored;
  if (Type === Uint8Array) return { name, shape, data: content };
  const values = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const data = new Type(count);
  for (let i = 0; i < count; i++) data[i] = read(values, i * size, isLittle);
  return { name, shape, data };
}
