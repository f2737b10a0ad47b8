import { DataError } from '../errors.ts';
import { type NpyArray, parseNpy } from './npy.ts';

/** Readable list of the formats of a list of numbers. */
export const numberListFormats =
  'a CSV file with one number per line (or a column named weight), a JSON list, or a one-dimensional .npy';

/**
 * Parses a list of numbers. The content determines the format: NumPy (version 1 to 3; integers, floats or booleans), a JSON list,
 * or CSV: one number per line with or without a heading, a single line of numbers, or a table with a column named weight, weights,
 * sample_weight or sampleWeight.
 *
 * @throws DataError if the file has none of these formats or contains anything but numbers.
 */
export function parseNumberList(bytes: Uint8Array, path: string): number[] {
  if (isNpy(bytes)) return numbersOfNpy(bytes, path);
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

function numbersOfNpy(bytes: Uint8Array, path: string): number[] {
  const { shape, data } = npyOf(bytes, path);
  const isText = Array.isArray(data);
  if (!isText && shape.length > 0 && shape.slice(1).every((n) => n === 1)) return Array.from(data);
  throw noList(path, `an .npy file of ${isText ? 'texts' : 'numbers'} and the shape (${shape.join(', ')})`);
}

function npyOf(bytes: Uint8Array, path: string): NpyArray {
  try {
    return parseNpy(bytes, path);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw noList(path, `an .npy file that holds no such list by its header: ${error.parts.found}`);
  }
}
