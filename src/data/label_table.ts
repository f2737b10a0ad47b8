import { DataError, suggest } from '../errors.ts';
import { counted } from '../figures.ts';
import { CsvReader, separatorOf as cellSeparatorOf } from './csv.ts';
import { csvTable } from './file_formats.ts';
import { isSameHeading, isSplitHeading, labelRank } from './formats/table_columns.ts';
import { gunzip } from './gunzip.ts';
import { foldersOf, type IdentifiedFile, nameOf } from './identify.ts';
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

interface Table {
  path: string;
  names: string[];
  rows: string[][];
  /** Set for a list without headings, such as train.txt: its integers are classes. */
  isList?: boolean;
}

/** A table with a column that names pictures: the picture of each row, by index. */
interface NamingTable extends Table {
  column: number;
  named: ReadonlyMap<number, string>;
}

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

/** Parses a CSV file, or a list separated by spaces. */
function parseTable(path: string, text: string, pictureOf: PictureFinder): Table | undefined {
  if (/\.jsonl?$/i.test(path)) return parseJson(path, text);
  const separator = cellSeparatorOf(text);
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

const isNumber = (text: string) => text !== '' && Number.isFinite(Number(text));

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

/** Looks up a picture by its path, or by its name; with or without extension. */
interface PictureNames {
  byPath: ReadonlyMap<string, string>;
  byName: ReadonlyMap<string, readonly string[]>;
}

function pictureNames(pictures: readonly string[]): PictureNames {
  const [byPath, byName] = [new Map<string, string>(), new Map<string, string[]>()];
  const withoutEnding = (name: string) => name.replace(/\.[^./]+$/, '');
  for (const picture of pictures) {
    for (const one of [picture, withoutEnding(picture)]) byPath.set(one, picture);
    const name = nameOf(picture);
    for (const one of new Set([name, withoutEnding(name)])) {
      const same = byName.get(one);
      if (same) same.push(picture);
      else byName.set(one, [picture]);
    }
  }
  return { byPath, byName };
}

/** Finds the picture that a table cell refers to. */
type PictureFinder = (cell: string) => string | undefined;

/**
 * Matches the full path, the path relative to one of the table's folders, or the name, with or without extension. If several pictures share
 * a name, it refers to the one below the table's folder, provided that there is exactly one.
 */
function pictureFinder(table: string, { byPath, byName }: PictureNames): PictureFinder {
  const folders = foldersOf(table);
  const prefixes = folders.map((_, depth) => `${folders.slice(0, depth + 1).join('/')}/`).reverse();
  return (cell) => {
    if (cell === '') return undefined;
    const name = cell.replaceAll('\\', '/').replace(/^\.?\//, '');
    for (const prefix of [...prefixes, '']) {
      const picture = byPath.get(prefix + name);
      if (picture) return picture;
    }
    const same = byName.get(name) ?? byName.get(nameOf(name)) ?? [];
    if (same.length === 1) return same[0];
    for (const prefix of prefixes) {
      const near = same.filter((picture) => picture.startsWith(prefix));
      if (near.length > 0) return near.length === 1 ? near[0] : undefined;
    }
    return undefined;
  };
}

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
      if (cell === '') throw missing(path, picture, cell, 'class', names[at]!);
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

const missing = (path: string, picture: string, found: string, wanted: 'class' | 'number', column: string) =>
  new DataError({
    what: `${path} lacks a ${wanted} of ${picture}`,
    found: found || 'an empty cell',
    expected: `a ${wanted} in the column ${column}`,
    fix: 'fill it in, or remove the row: a picture without one is left out',
  });

/** The class column of a table; undefined if it has numbers instead. */
function classColumn(table: NamingTable, wanted: string | undefined): number | undefined {
  const { names, rows, column, named, isList } = table;
  const split = splitColumn(table);
  const taken = [...named.keys()].map((i) => rows[i]!);
  const values = (at: number) => taken.map((row) => row[at] ?? '');
  if (wanted !== undefined) {
    const at = names.findIndex((name) => isSameHeading(name, wanted));
    return at < 0 ? undefined : at;
  }
  const others = names.map((_, at) => at).filter((at) => at !== column && at !== split);
  const areClasses = (at: number) => values(at).every((cell) => !isNumber(cell) || Number.isInteger(Number(cell)));
  const ranked = others
    .flatMap((at) => ({ at, rank: labelRank(names[at]!) }))
    .filter(({ at, rank }) => rank !== undefined && areClasses(at))
    .sort((a, b) => a.rank! - b.rank! || a.at - b.at);
  if (ranked.length > 0) return ranked[0]!.at;
  const repeats = (at: number) => {
    const distinct = new Set(values(at)).size;
    return distinct > 1 && distinct <= taken.length / 2;
  };
  const words = others.filter((at) => repeats(at) && values(at).every((cell) => cell !== '' && !isNumber(cell)));
  const isOfNumbers = (at: number) => values(at).filter(isNumber).length > taken.length / 2;
  if (isList && others.length > 0 && areClasses(others[0]!)) return others[0];
  const filled = others.filter(
    (at) => values(at).every((cell) => cell !== '' && !isNumber(cell)) && new Set(values(at)).size > 1,
  );
  const likeliest = words.length === 0 && filled.length === 1 ? filled[0] : words[0];
  const hasHeadings = names.some((name) => /\D/.test(name));
  if (!hasHeadings) return likeliest ?? others.find((at) => others.length === 1 && repeats(at) && areClasses(at));
  if (others.some(isOfNumbers)) return undefined;
  return words.length > 1 ? undefined : likeliest;
}

/** A column named split or similar, or one whose cells are split names: TRAIN, VALIDATE, TEST. */
function splitColumn({ names, rows, named }: NamingTable): number {
  const heading = names.findIndex(isSplitHeading);
  if (heading >= 0) return heading;
  const taken = [...named.keys()].map((i) => rows[i]!);
  return names.findIndex((_, at) => taken.every((row) => splitOfFolder(row[at] ?? '')?.rest === ''));
}

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

/** Separator between several classes of one picture. */
function separatorOf(cells: readonly string[], heading: string): RegExp | undefined {
  const has = (pattern: RegExp) => cells.some((cell) => pattern.test(cell));
  if (has(/\|/)) return /\s*\|\s*/;
  if (!/s$/i.test(heading) || /class$/i.test(heading)) return undefined;
  if (has(/[;,]/)) return /\s*[;,]\s*/;
  return /tags$/i.test(heading) && has(/\s/) ? /\s+/ : undefined;
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

/** Columns of 0 and 1 are classes if each picture has exactly one 1. */
function exclusive<T extends Pick<LabelTable, 'names' | 'of'>>(table: T): T & Pick<LabelTable, 'classOf'> {
  const rows = [...table.of];
  const isOneHot = ([, row]: (typeof rows)[number]) =>
    row.every((value) => value === 0 || value === 1) && row.reduce<number>((sum, value) => sum + value, 0) === 1;
  if (table.names.length < 2 || !rows.every(isOneHot)) return table;
  const classOf = new Map(rows.map(([picture, row]) => [picture, table.names[row.indexOf(1)]!]));
  return { ...table, names: [], of: new Map(), classOf };
}

/** pandas writes the index of a row into a column with such a heading. */
const isIndex = /^(unnamed: ?0|index)?$/i;

function numbersOf(tables: readonly NamingTable[]): Omit<LabelTable, 'splitOf' | 'splitOfTable'> {
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
        throw missing(path, picture, values[bad]!, 'number', here[bad]!);
      }
      of.set(picture, values.map(Number));
    }
    const lost = rows.length - named.size;
    if (lost) notes.push(`${counted(lost, 'row')} of ${path} that do not match a picture`);
  }
  return { from: tables.map(({ path }) => path), names: names!, of, notes };
}
