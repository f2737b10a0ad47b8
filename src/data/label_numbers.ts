import { DataError } from '../errors.ts';
import { counted } from '../figures.ts';
import type { NamingTable } from './label_columns.ts';
import type { LabelTable } from './label_table.ts';
import { isNumber } from './parse_label_table.ts';

/** The error for a picture without a label. */
export const missingLabel = (
  path: string,
  picture: string,
  found: string,
  wanted: 'class' | 'number',
  column: string,
) =>
  new DataError({
    what: `${path} lacks a ${wanted} of ${picture}`,
    found: found || 'an empty cell',
    expected: `a ${wanted} in the column ${column}`,
    fix: 'fill it in, or remove the row: a picture without one is left out',
  });

/** Columns of 0 and 1 are classes if each picture has exactly one 1. */
export function exclusive<T extends Pick<LabelTable, 'names' | 'of'>>(table: T): T & Pick<LabelTable, 'classOf'> {
  const rows = [...table.of];
  const isOneHot = ([, row]: (typeof rows)[number]) =>
    row.every((value) => value === 0 || value === 1) && row.reduce<number>((sum, value) => sum + value, 0) === 1;
  if (table.names.length < 2 || !rows.every(isOneHot)) return table;
  const classOf = new Map(rows.map(([picture, row]) => [picture, table.names[row.indexOf(1)]!]));
  return { ...table, names: [], of: new Map(), classOf };
}

/** pandas writes the index of a row into a column with such a heading. */
const isIndex = /^(unnamed: ?0|index)?$/i;

/** The numbers of each picture, from the columns that contain numbers. */
export function numbersOf(tables: readonly NamingTable[]): Omit<LabelTable, 'splitOf' | 'splitOfTable'> {
  const of = new Map<string, readonly number[]>();
  const notes: string[] = [];
  let names: string[] | undefined;
  for (const { path, names: headings, rows, column, named } of tables) {
    const taken = rows.filter((_, i) => named.has(i));
    // A numeric column has a number in most rows. The column that names the pictures may be numeric too: 17 for 17.png.
    const isOfNumbers = (at: number) =>
      at !== column &&
      !isIndex.test(headings[at]!) &&
      taken.filter((row) => isNumber(row[at] ?? '')).length > taken.length / 2;
    const columns = headings.map((_, at) => at).filter(isOfNumbers);
    if (columns.length === 0) {
      throw new DataError({
        what: `${path} lists pictures but has no column of numbers`,
        found: `columns ${headings.join(', ')}`,
        expected: 'a column with the names of the files, and a column for each number: file,age',
        fix: 'for classes, name their column label, choose it with --labels (labels in the library), or put the pictures into one folder per class',
      });
    }
    const here = columns.map((at) => headings[at]!);
    if (names && names.join('\n') !== here.join('\n')) {
      throw new DataError({
        what: 'The tables next to the pictures have different columns of numbers',
        found: `${here.join(', ')} in ${path}`,
        expected: names.join(', '),
        fix: 'use the same columns in each, or only one table',
      });
    }
    names = here;
    const left = headings.filter((_, at) => !columns.includes(at) && at !== column);
    if (left.length) notes.push(`columns of ${path} without numbers: ${left.join(', ')}`);
    for (const [i, picture] of named) {
      const values = columns.map((at) => rows[i]![at] ?? '');
      const bad = values.findIndex((value) => !isNumber(value));
      if (bad >= 0) {
        throw missingLabel(path, picture, values[bad]!, 'number', here[bad]!);
      }
      of.set(picture, values.map(Number));
    }
    const lost = rows.length - named.size;
    if (lost) notes.push(`${counted(lost, 'row')} of ${path} that do not match a picture`);
  }
  return { from: tables.map(({ path }) => path), names: names!, of, notes };
}
