import { DataError } from '../errors.ts';
import { counted } from '../figures.ts';
import { csvTable } from './file_formats.ts';
import { foldersOf, type IdentifiedFile, nameOf } from './identify.ts';
import { classNamesOf, placePictures } from './picture_folders.ts';
import { splitOfFolder } from './splits.ts';

/** Numbers of pictures, from tables next to them. */
export interface LabelTable {
  /** The tables that they were read from. */
  from: string[];
  /** A name for each number: the heading of its column, with a unit where that has one. */
  names: string[];
  /** The numbers of a picture, by its path. */
  of: ReadonlyMap<string, readonly number[]>;
  /** What was left out of the tables, in words. */
  notes: string[];
}

/** A table is one of labels if at least this share of the pictures is named in it. */
const leastNamed = 0.5;
/** Larger files are not read as tables of labels. */
const mostBytes = 64 * 2 ** 20;

interface Table {
  path: string;
  names: string[];
  rows: string[][];
}

/** A table whose column names pictures: those of its rows, by their indices. */
interface NamingTable extends Table {
  column: number;
  named: ReadonlyMap<number, string>;
}

/**
 * Finds numbers for pictures in CSV files next to them: a column with the names of the files, and columns of numbers. Pictures
 * in folders of classes keep their classes, whatever tables there are.
 *
 * @returns undefined where no table names at least half of the pictures.
 * @throws DataError for a table whose columns hold no numbers, a picture without one of them, and tables with other columns.
 */
export async function readLabelTables(files: readonly IdentifiedFile[]): Promise<LabelTable | undefined> {
  const pictures = files.filter(({ format }) => format.kind === 'picture').map(({ path }) => path);
  const others = files.filter(({ path, file, format }) => isTable(path, format.name) && file.size <= mostBytes);
  if (pictures.length === 0 || others.length === 0 || haveClasses(pictures)) return undefined;
  const tables: NamingTable[] = [];
  for (const { path, file } of others) {
    const table = parseTable(path, new TextDecoder().decode(await file.arrayBuffer()));
    const found = table && naming(table, pictures);
    if (found?.named.size) tables.push({ ...table!, ...found });
  }
  const count = new Set(tables.flatMap(({ named }) => [...named.values()])).size;
  if (count < leastNamed * pictures.length) return undefined;
  return numbersOf(tables);
}

const isTable = (path: string, format: string) => /\.(csv|tsv)$/i.test(path) || format === csvTable;

/** Folders that are named after splits are not classes. */
function haveClasses(pictures: readonly string[]): boolean {
  const classes = classNamesOf(placePictures(pictures).placed);
  return classes.length > 1 && !classes.every((name) => splitOfFolder(name)?.rest === '');
}

/** Cells of a CSV file (RFC 4180), separated as its first line is: by commas, semicolons or tabs. */
function parseTable(path: string, text: string): Table | undefined {
  const [first = ''] = text.trimStart().split('\n', 1);
  const separator = [',', ';', '\t'].sort((a, b) => first.split(b).length - first.split(a).length)[0]!;
  const pattern = new RegExp(`("(?:[^"]|"")*"|[^${separator}"\\r\\n]*)(${separator}|\\r?\\n|$)`, 'y');
  const rows: string[][] = [];
  let row: string[] = [];
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (!match) return undefined;
    const [, value = '', end] = match;
    row.push((value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value).trim());
    if (end === separator) continue;
    if (row.some(Boolean)) rows.push(row);
    row = [];
  }
  if (row.some(Boolean)) rows.push(row);
  const [head] = rows;
  if (!head || head.length < 2) return undefined;
  const hasHeadings = !head.some(isNumber);
  return {
    path,
    names: hasHeadings ? head : head.map((_, column) => `${column}`),
    rows: hasHeadings ? rows.slice(1) : rows,
  };
}

const isNumber = (text: string) => text !== '' && Number.isFinite(Number(text));

/**
 * The column that names the most pictures, and the picture of each row: by its path, its path from the table's folder, or its
 * name, with or without ending.
 */
function naming(
  { path, names, rows }: Table,
  pictures: readonly string[],
): { column: number; named: Map<number, string> } {
  const folder = foldersOf(path).join('/');
  const [byPath, byName] = [new Map<string, string>(), new Map<string, string | undefined>()];
  const withoutEnding = (name: string) => name.replace(/\.[^./]+$/, '');
  for (const picture of pictures) {
    const inFolder = folder && picture.startsWith(`${folder}/`) ? picture.slice(folder.length + 1) : picture;
    for (const name of [picture, inFolder]) for (const one of [name, withoutEnding(name)]) byPath.set(one, picture);
    // A name that several pictures have names none.
    const name = nameOf(picture);
    for (const one of new Set([name, withoutEnding(name)])) byName.set(one, byName.has(one) ? undefined : picture);
  }
  const known = (cell: string) => {
    const name = cell.replaceAll('\\', '/').replace(/^\.\//, '');
    return byPath.get(name) ?? byName.get(name);
  };
  const byColumn = names.map((_, column) => {
    const named = new Map<number, string>();
    for (const [i, row] of rows.entries()) {
      const picture = known(row[column] ?? '');
      if (picture) named.set(i, picture);
    }
    return { column, named };
  });
  return byColumn.reduce((a, b) => (b.named.size > a.named.size ? b : a));
}

function numbersOf(tables: readonly NamingTable[]): LabelTable {
  const of = new Map<string, readonly number[]>();
  const notes: string[] = [];
  let names: string[] | undefined;
  for (const { path, names: headings, rows, column, named } of tables) {
    const taken = rows.filter((_, i) => named.has(i));
    // A column of numbers has one in most rows; the one that names the pictures may hold numbers too: 17 for 17.png.
    const isOfNumbers = (at: number) =>
      at !== column && taken.filter((row) => isNumber(row[at] ?? '')).length > taken.length / 2;
    const columns = headings.map((_, at) => at).filter(isOfNumbers);
    if (columns.length === 0) {
      throw new DataError({
        what: `${path} names pictures, and has no column of numbers for them`,
        found: `columns ${headings.join(', ')}`,
        expected: 'a column with the names of the files, and a column for each number: file,age',
        fix: 'for classes, put the pictures into a folder for each class',
      });
    }
    const here = columns.map((at) => headings[at]!);
    if (names && names.join('\n') !== here.join('\n')) {
      throw new DataError({
        what: 'The tables next to the pictures have different columns of numbers',
        found: `${here.join(', ')} in ${path}`,
        expected: names.join(', '),
        fix: 'give the same columns in each, or one table',
      });
    }
    names = here;
    const left = headings.filter((_, at) => !columns.includes(at) && at !== column);
    if (left.length) notes.push(`columns of ${path} that hold no numbers: ${left.join(', ')}`);
    for (const [i, picture] of named) {
      const values = columns.map((at) => rows[i]![at] ?? '');
      const bad = values.findIndex((value) => !isNumber(value));
      if (bad >= 0) {
        throw new DataError({
          what: `${path} lacks a number of ${picture}`,
          found: values[bad] || 'an empty cell',
          expected: `a number in the column ${here[bad]}`,
          fix: 'fill it in, or remove the row: a picture without one is left out',
        });
      }
      of.set(picture, values.map(Number));
    }
    const lost = rows.length - named.size;
    if (lost) notes.push(`${counted(lost, 'row')} of ${path} that name no picture`);
  }
  return { from: tables.map(({ path }) => path), names: names!, of, notes };
}
