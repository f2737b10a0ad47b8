import { DataError, suggest } from '../errors.ts';
import { counted } from '../figures.ts';
import { csvTable } from './file_formats.ts';
import { isSameHeading, isSplitHeading } from './formats/table_columns.ts';
import { gunzip } from './gunzip.ts';
import { foldersOf, type IdentifiedFile, nameOf } from './identify.ts';
import { classColumn, type NamingTable, separatorOf, splitColumn } from './label_columns.ts';
import { exclusive, missingLabel, numbersOf } from './label_numbers.ts';
import { parseTable, type Table } from './parse_label_table.ts';
import { type PictureFinder, pictureFinder, pictureNames } from './picture_names.ts';
import { type Split, splitOfFile, splitOfFolder } from './splits.ts';

/** Classes or numbers of pictures, read from tables next to them. */
export interface LabelTable {
  /** Paths of the tables. */
  from: string[];
  /** Names of the numbers: column headings, with a unit if there is one. */
  names: string[];
  /** Numbers of each picture, by path. */
  of: ReadonlyMap<string, readonly number[]>;
  /** Class of each picture, by path, if a column contains classes; there are no numbers in that case. */
  classOf?: ReadonlyMap<string, string>;
  /** Split of each picture, by path, if a column contains splits. */
  splitOf: ReadonlyMap<string, Split>;
  /** Split after which the table of each picture is named, such as train.txt and val.txt. */
  splitOfTable: ReadonlyMap<string, Split>;
  /** Readable notes on what was left out of the tables. */
  notes: string[];
}

/** A table counts as one of labels if it names at least this fraction of the pictures. */
const leastNamed = 0.5;
/** Larger files are not read as tables of labels. */
const mostBytes = 64 * 2 ** 20;

/**
 * Finds classes or numbers for pictures in tables next to them: CSV files, lists of paths and labels, or Hugging Face's
 * metadata.jsonl. One column has the file names. A column named label, class or similar has the classes, several per cell if
 * separated by |. Otherwise, numeric columns provide numbers.
 *
 * @param pictures paths of the pictures that need labels.
 * @param wanted heading of the label column.
 * @returns undefined if no table names at least half of the pictures.
 * @throws DataError for a table without label columns, a picture without a label, and tables with different columns.
 */
export async function readLabelTables(
  files: readonly IdentifiedFile[],
  pictures: readonly string[] = ofPictures(files),
  wanted?: string,
): Promise<LabelTable | undefined> {
  const others = files.filter((file) => isTable(file) && file.file.size <= mostBytes && !isExample(file.path));
  if (pictures.length === 0 || others.length === 0) return undefined;
  const known = pictureNames(ofPictures(files));
  const isAsked = new Set(pictures);
  const tables: NamingTable[] = [];
  for (const { path, file, format } of others) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const pictureOf = pictureFinder(path, known);
    const table = parseTable(
      path,
      new TextDecoder().decode(format.gzip ? await gunzip(bytes, path) : bytes),
      pictureOf,
    );
    const found = table && naming(table, pictureOf);
    const named = new Map([...(found?.named ?? [])].filter(([, picture]) => isAsked.has(picture)));
    if (named.size) tables.push({ ...table!, column: found!.column, named });
  }
  // The test pictures of a competition have no labels.
  const training = pictures.filter((path) => foldersOf(path).every((name) => splitOfFolder(name)?.split !== 'test'));
  const named = new Set(tables.flatMap(({ named }) => [...named.values()]));
  const isMost = (paths: readonly string[]) =>
    paths.filter((path) => named.has(path)).length >= leastNamed * paths.length;
  if (named.size === 0 || !(isMost(pictures) || (training.length > 0 && isMost(training)))) return undefined;
  return labelsOf(tables, wanted);
}

const ofPictures = (files: readonly IdentifiedFile[]) =>
  files.filter(({ format }) => format.kind === 'picture').map(({ path }) => path);

/** A competition's sample submission has placeholder labels for the test pictures; a list of classes (0 cat) names no pictures. */
const isExample = (path: string) => /sample_?submission|(label|class)_?(list|names?|map)\.|(^|\/)classes\./i.test(path);

const isTable = ({ path, format: { kind, name } }: IdentifiedFile) =>
  kind === 'table' ||
  name === csvTable ||
  /\.(csv|tsv)$/i.test(path) ||
  (kind === 'text' && /\.(txt|lst|list)$/i.test(path)) ||
  /\.jsonl?$/i.test(path);

/** The column that names the most pictures, with the picture of each row. */
function naming({ names, rows }: Table, pictureOf: PictureFinder): { column: number; named: Map<number, string> } {
  const byColumn = names.map((_, column) => {
    const named = new Map<number, string>();
    for (const [i, row] of rows.entries()) {
      const picture = pictureOf(row[column] ?? '');
      if (picture) named.set(i, picture);
    }
    return { column, named };
  });
  return byColumn.reduce((a, b) => (b.named.size > a.named.size ? b : a));
}

function labelsOf(tables: readonly NamingTable[], wanted: string | undefined): LabelTable {
  const chosen = wanted ? tables.filter(({ path }) => nameOf(path).toLowerCase().includes(wanted.toLowerCase())) : [];
  if (wanted !== undefined && !tables.some(({ names }) => names.some((name) => isSameHeading(name, wanted)))) {
    if (chosen.length > 0) return labelsOf(chosen, undefined);
    const names = [...new Set(tables.flatMap(({ names, column }) => names.filter((_, i) => i !== column)))];
    throw new DataError({
      what: 'No table next to the pictures has these labels',
      found: wanted,
      expected: names.join(', '),
      fix: suggest(wanted, names),
    });
  }
  const columns = tables.map((table) => classColumn(table, wanted));
  const withClasses = tables.filter((_, i) => columns[i] !== undefined);
  const found = splitsOf(tables);
  if (withClasses.length === 0) return { ...exclusive(numbersOf(tables)), ...found };
  const cells = new Map<string, string>();
  const notes: string[] = [];
  for (const [i, table] of tables.entries()) {
    const { path, names, rows, named, column } = table;
    const at = columns[i];
    if (at === undefined) {
      notes.push(`${path} has no column of classes: ${names.join(', ')}`);
      continue;
    }
    for (const [row, picture] of named) {
      const cell = rows[row]![at] ?? '';
      if (cell === '') throw missingLabel(path, picture, cell, 'class', names[at]!);
      const before = cells.get(picture);
      if (before !== undefined && before !== cell) throw contradicting(picture, [before, cell], path);
      cells.set(picture, cell);
    }
    const left = names.filter((name, other) => other !== at && other !== column && !isSplitHeading(name));
    if (left.length)
      notes.push(
        `columns of ${path} that are not used: ${left.slice(0, 8).join(', ')}${left.length > 8 ? ', ...' : ''}`,
      );
    const lost = rows.length - named.size;
    if (lost) notes.push(`${counted(lost, 'row')} of ${path} that do not match a picture`);
  }
  const from = withClasses.map(({ path }) => path);
  const heading = withClasses[0]!.names[columns.find((at) => at !== undefined)!]!;
  const separator = separatorOf([...cells.values()], heading);
  if (separator) return { ...tagsOf(cells, separator), from, notes, ...found };
  return { from, names: [], of: new Map(), classOf: cells, notes, ...found };
}

const contradicting = (picture: string, found: readonly string[], path: string) =>
  new DataError({
    what: `The tables give ${picture} more than one class`,
    found: `${found.join(' and ')}, the latter in ${path}`,
    expected: 'one row for each picture',
    fix: 'choose one table by a part of its name with --labels (labels in the library); for labels that are not mutually exclusive, put them into one cell: cat|indoor. Tables of objects and their boxes are not read',
  });

function splitsOf(tables: readonly NamingTable[]): Pick<LabelTable, 'splitOf' | 'splitOfTable'> {
  const [splitOf, splitOfTable] = [new Map<string, Split>(), new Map<string, Split>()];
  for (const table of tables) {
    const at = splitColumn(table);
    const ofTable = splitOfFile(nameOf(table.path));
    for (const [row, picture] of table.named) {
      const split = at < 0 ? undefined : splitOfFolder(table.rows[row]![at] ?? '')?.split;
      if (split) splitOf.set(picture, split);
      if (ofTable) splitOfTable.set(picture, ofTable);
    }
  }
  return { splitOf, splitOfTable };
}

/** Multi-label targets: 1 for each class that the picture has. */
function tagsOf(cells: ReadonlyMap<string, string>, separator: RegExp) {
  const split = (cell: string) => cell.split(separator).filter(Boolean);
  const names = [...new Set([...cells.values()].flatMap(split))].sort();
  const at = new Map(names.map((name, i) => [name, i]));
  const of = new Map<string, readonly number[]>();
  for (const [picture, cell] of cells) {
    const numbers = names.map(() => 0);
    for (const tag of split(cell)) numbers[at.get(tag)!] = 1;
    of.set(picture, numbers);
  }
  return { names, of };
}
