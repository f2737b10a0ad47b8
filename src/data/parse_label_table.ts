import { CsvReader, separatorOf } from './csv.ts';
import type { PictureFinder } from './picture_names.ts';

/** A table of text cells. */
export interface Table {
  path: string;
  names: string[];
  rows: string[][];
  /** Set for a list without headings, such as train.txt: its integers are classes. */
  isList?: boolean;
}

/** Parses a CSV file, or a list separated by spaces. */
export function parseTable(path: string, text: string, pictureOf: PictureFinder): Table | undefined {
  if (/\.jsonl?$/i.test(path)) return parseJson(path, text);
  const separator = separatorOf(text);
  if (separator === ' ') return parseList(path, text, pictureOf);
  const reader = new CsvReader(separator);
  const complete = reader.push(text);
  const last = reader.end();
  if (!last) return undefined; // A quote is not closed.
  const rows = [...complete, ...last].map(({ cells }) => cells).filter((row) => row.some(Boolean));
  const [head] = rows;
  if (!head || head.length < 2) return undefined;
  if (/\.lst$/i.test(path) && rows.every((row) => isNumber(row[0]!))) return recordList(path, rows);
  const hasHeadings = !head.some((cell) => isNumber(cell) || pictureOf(cell));
  return {
    path,
    names: hasHeadings ? head : head.map((_, column) => `${column}`),
    rows: hasHeadings ? rows.slice(1) : rows,
    isList: !hasHeadings && head.length === 2 && !/\.csv$/i.test(path),
  };
}

export const isNumber = (text: string) => text !== '' && Number.isFinite(Number(text));

/** The list of MXNet's im2rec: an index, the labels, which are classes if there is one, and the path. */
function recordList(path: string, rows: string[][]): Table {
  const cells = rows.map((row) => row.slice(1).map((cell) => (isNumber(cell) ? `${Number(cell)}` : cell)));
  return { path, names: cells[0]!.map((_, column) => `${column}`), rows: cells, isList: cells[0]!.length === 2 };
}

/**
 * Parses a list with a path and its labels per line, separated by spaces, as train.txt often has. If the lines have different lengths, the
 * class is the rest of the line: 1025794 A300 B4.
 */
function parseList(path: string, text: string, pictureOf: PictureFinder): Table | undefined {
  let rows = text
    .split(/\r?\n/)
    .map((line) => line.trim().split(/\s+/))
    .filter((row) => row.length > 1);
  const [first] = rows;
  if (!first) return undefined;
  if (rows.some((row) => row.length !== first.length)) {
    if (!rows.every(([name]) => pictureOf(name!))) return undefined;
    rows = rows.map(([name, ...rest]) => [name!, rest.join(' ')]);
  }
  return { path, names: rows[0]!.map((_, column) => `${column}`), rows, isList: true };
}

/** Parses an object per line, as in Hugging Face's metadata.jsonl, an array of objects, or an object of paths and labels. */
function parseJson(path: string, text: string): Table | undefined {
  let objects: Record<string, unknown>[];
  try {
    objects = /\.json$/i.test(path)
      ? objectsIn(JSON.parse(text))
      : text.split('\n').flatMap((line) => (line.trim() ? [Object(JSON.parse(line))] : []));
  } catch {
    return undefined;
  }
  const names = [...new Set(objects.flatMap((object) => Object.keys(object)))];
  const cell = (value: unknown) =>
    Array.isArray(value) ? value.join('|') : typeof value === 'object' ? '' : String(value ?? '');
  return names.length < 2
    ? undefined
    : { path, names, rows: objects.map((object) => names.map((name) => cell(object[name]))) };
}

const objectsIn = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.map(Object) : Object.entries(Object(value)).map(([file, label]) => ({ file, label }));
