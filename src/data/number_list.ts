import { DataError } from '../errors.ts';

/** The formats of a list of numbers, in words. */
export const numberListFormats =
  'a CSV file with a number a line (or a column named weight), a JSON list, or a one-dimensional .npy';

/**
 * Reads a list of numbers. Its content decides what the file is: NumPy's format (version 1 to 3, integers, floats or booleans),
 * a JSON list, or CSV: a number a line with or without a heading, one line of numbers, or a table with a column named weight,
 * weights, sample_weight or sampleWeight.
 *
 * @throws DataError for a file that is none of them, or has something else among its numbers.
 */
export function parseNumberList(bytes: Uint8Array, path: string): number[] {
  if (isNpy(bytes)) return parseNpy(bytes, path);
  const text = new TextDecoder().decode(bytes);
  return /^\s*\[/.test(text) ? parseJsonList(text, path) : parseLines(text, path);
}

const noList = (path: string, found: unknown) =>
  new DataError({ what: `${path} is not a list of numbers`, found, expected: numberListFormats });

function parseJsonList(text: string, path: string): number[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    throw noList(path, (error as Error).message);
  }
  const wrong = (list as unknown[]).findIndex((value) => typeof value !== 'number');
  if (wrong < 0) return list as number[];
  throw noList(path, `${JSON.stringify((list as unknown[])[wrong])} at position ${wrong}`);
}

const isNumber = (cell: string) => cell !== '' && Number.isFinite(Number(cell));
const ofWeights = /^(sample[_ ]?)?weights?$/i;

function parseLines(text: string, path: string): number[] {
  const rows = text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => line.split(/[,;\t]/).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1')));
  const [first] = rows;
  if (!first) throw noList(path, 'nothing in it');
  const width = Math.max(...rows.map(({ length }) => length));
  if (rows.length === 1 && first.every(isNumber)) return first.map(Number);
  const hasHeading = !first.some(isNumber);
  const column = width === 1 ? 0 : hasHeading ? first.findIndex((cell) => ofWeights.test(cell)) : -1;
  if (column < 0) throw noList(path, `${width} columns${hasHeading ? `: ${first.join(', ')}` : ''}`);
  return rows.slice(hasHeading ? 1 : 0).map((row, i) => {
    const cell = row[column] ?? '';
    if (isNumber(cell)) return Number(cell);
    throw noList(path, `${cell === '' ? 'an empty cell' : JSON.stringify(cell)} in line ${i + 1 + Number(hasHeading)}`);
  });
}

const npyMagic = '\x93NUMPY';
const isNpy = (bytes: Uint8Array) => [...npyMagic].every((letter, i) => bytes[i] === letter.charCodeAt(0));

const readers: Record<string, (view: DataView, at: number, isLittle: boolean) => number> = {
  f4: (view, at, isLittle) => view.getFloat32(at, isLittle),
  f8: (view, at, isLittle) => view.getFloat64(at, isLittle),
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, isLittle) => view.getInt16(at, isLittle),
  i4: (view, at, isLittle) => view.getInt32(at, isLittle),
  i8: (view, at, isLittle) => Number(view.getBigInt64(at, isLittle)),
  u1: (view, at) => view.getUint8(at),
  b1: (view, at) => view.getUint8(at),
  u2: (view, at, isLittle) => view.getUint16(at, isLittle),
  u4: (view, at, isLittle) => view.getUint32(at, isLittle),
  u8: (view, at, isLittle) => Number(view.getBigUint64(at, isLittle)),
};

/** numpy.lib.format: magic, version, the length of a header that is a dictionary of Python, the header, the numbers. */
function parseNpy(bytes: Uint8Array, path: string): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isWide = (bytes[6] ?? 0) > 1;
  const at = isWide ? 12 : 10;
  if (bytes.length < at) throw noList(path, `an .npy file of ${bytes.length} bytes`);
  const begin = at + (isWide ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = new TextDecoder().decode(bytes.subarray(at, begin));
  const [, order = '', type = ''] = /'descr': *'([<>|=]?)(\w+)'/.exec(header) ?? [];
  const shape = /'shape': *\(([^)]*)\)/.exec(header)?.[1]?.match(/\d+/g)?.map(Number) ?? [];
  const read = readers[type];
  const count = shape[0] ?? 0;
  if (!read || shape.length === 0 || shape.slice(1).some((n) => n !== 1)) {
    throw noList(path, `an .npy file of ${type || 'no type'} and the shape (${shape.join(', ')})`);
  }
  const size = Number(type.slice(1));
  if (bytes.length !== begin + count * size) {
    throw noList(path, `an .npy file of ${bytes.length} bytes, and ${begin + count * size} by its header`);
  }
  return Array.from({ length: count }, (_, i) => read(view, begin + i * size, order !== '>'));
}
