import { DataError } from '../errors.ts';
import { count as counted } from '../figures.ts';
import { float16 } from '../float16.ts';
import { product } from '../product.ts';
import type { Numbers } from './formats/image_values.ts';

// numpy.lib.format: a magic string, a version, the length of the header, the header (a Python dictionary), and the elements.

/** The array in an .npy file, last axis innermost. */
export interface NpyArray {
  shape: number[];
  data: Numbers | string[];
}

type Reader = (view: DataView, at: number, isLittle: boolean) => number;
const numbers: Record<string, [new (length: number) => Numbers, Reader]> = {
  b1: [Uint8Array, (view, at) => view.getUint8(at)],
  u1: [Uint8Array, (view, at) => view.getUint8(at)],
  i1: [Int8Array, (view, at) => view.getInt8(at)],
  u2: [Uint16Array, (view, at, isLittle) => view.getUint16(at, isLittle)],
  i2: [Int16Array, (view, at, isLittle) => view.getInt16(at, isLittle)],
  u4: [Uint32Array, (view, at, isLittle) => view.getUint32(at, isLittle)],
  i4: [Int32Array, (view, at, isLittle) => view.getInt32(at, isLittle)],
  u8: [Float64Array, (view, at, isLittle) => Number(view.getBigUint64(at, isLittle))],
  i8: [Float64Array, (view, at, isLittle) => Number(view.getBigInt64(at, isLittle))],
  f2: [Float32Array, (view, at, isLittle) => float16(view.getUint16(at, isLittle))],
  f4: [Float32Array, (view, at, isLittle) => view.getFloat32(at, isLittle)],
  f8: [Float64Array, (view, at, isLittle) => view.getFloat64(at, isLittle)],
};

/**
 * Parses an .npy file of integers, floats, booleans or strings, versions 1 to 3, in either byte order, in C or Fortran order.
 *
 * @throws DataError for another element type, and if the length differs from the header's.
 */
export function parseNpy(bytes: Uint8Array, path: string): NpyArray {
  const damaged = (found: string) =>
    new DataError({
      what: `${path} is not a whole .npy file`,
      found,
      expected: 'a file written by numpy.save',
      fix: 'save it again',
    });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isWide = (bytes[6] ?? 0) > 1;
  const at = isWide ? 12 : 10;
  if (bytes.length < at) throw damaged(`${bytes.length} bytes`);
  const begin = at + (isWide ? view.getUint32(8, true) : view.getUint16(8, true));
  if (begin > bytes.length)
    throw damaged(`${counted(bytes.length)} bytes, and a header that ends at ${counted(begin)}`);
  const header = new TextDecoder('latin1').decode(bytes.subarray(at, begin));
  const [, order = '', kind = '', width = ''] = /'descr': *'([<>|=]?)([a-zA-Z])(\d+)?'/.exec(header) ?? [];
  const [, axes] = /'shape': *\(([\d, L]*)\)/.exec(header) ?? [];
  const type = numbers[kind + width];
  const isText = (kind === 'U' || kind === 'S') && width !== '';
  if (axes === undefined || (!type && !isText)) {
    const descr = /'descr': *(\[.*\]|'[^']*')/.exec(header)?.[1] ?? 'no type';
    throw new DataError({
      what: `${path} has elements of a type that wgrad does not read`,
      found: kind === 'O' ? 'Python objects, which are a pickle' : descr.slice(0, 80),
      expected: 'integers, floats, booleans or strings',
      fix: 'save the array with one of these types: np.save(file, array.astype(np.uint8))',
    });
  }
  const shape = axes.match(/\d+/g)?.map(Number) ?? [];
  const count = product(shape);
  const size = isText ? Number(width) * (kind === 'U' ? 4 : 1) : Number(width);
  if (bytes.length !== begin + count * size) {
    throw damaged(
      `${counted(bytes.length)} bytes instead of ${counted(begin + count * size)}, because its header has the shape ${shape.join(' x ')}`,
    );
  }
  const isLittle = order !== '>';
  if (isText) {
    const decode =
      kind === 'U'
        ? textOfUtf32(view, isLittle)
        : (from: number) => new TextDecoder().decode(bytes.subarray(from, from + size)).replace(/\0+$/, '');
    return { shape, data: Array.from({ length: count }, (_, i) => decode(begin + i * size, size)) };
  }
  const [Type, read] = type!;
  const data = Type === Uint8Array ? bytes.subarray(begin) : new Type(count);
  if (data !== bytes && Type !== Uint8Array)
    for (let i = 0; i < count; i++) data[i] = read(view, begin + i * size, isLittle);
  return { shape, data: /'fortran_order': *True/.test(header) ? inRows(data, shape, Type) : data };
}

const textOfUtf32 = (view: DataView, isLittle: boolean) => (from: number, size: number) => {
  let text = '';
  for (let at = from; at < from + size; at += 4) {
    const code = view.getUint32(at, isLittle);
    if (code === 0) break;
    text += code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
  }
  return text;
};

/** Converts Fortran order (first axis innermost) to C order (last axis innermost). */
export function inRows(data: Numbers, shape: readonly number[], Type: new (length: number) => Numbers): Numbers {
  if (shape.length < 2) return data;
  const rows = new Type(data.length);
  const strides: number[] = [];
  shape.reduce((stride, n) => {
    strides.push(stride);
    return stride * n;
  }, 1);
  const index = shape.map(() => 0);
  for (let to = 0, from = 0; to < data.length; to++) {
    rows[to] = data[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return rows;
}
