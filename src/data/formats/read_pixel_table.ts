import { DataError, suggest } from '../../errors.ts';
import { count, counted } from '../../figures.ts';
import { CsvReader, type CsvRow, separatorOf } from '../csv.ts';
import { unpackedChunks } from '../gunzip.ts';
import type { FileBytes, IdentifiedFile } from '../identify.ts';
import type { UserDataset } from '../reading_report.ts';
import { type Split, splitOfFile, splitOfFolder, splits } from '../splits.ts';
import type { UserFilesOptions } from '../user_files.ts';
import { type ArrayPair, arrayDataset } from './array_dataset.ts';
import type { FileReport } from './split_files.ts';
import { isSameHeading, isSplitHeading, labelRank } from './table_columns.ts';

/** Bytes read at a time. */
const windowBytes = 4 * 2 ** 20;
/** Rows with fewer numbers are measurements rather than pixels. */
const fewestPixels = 16;
/** Number of rows that are inspected to determine the columns' roles. */
const lookedAt = 256;
/** Maximum length of a row in bytes: enough for an image of 512 x 512 x 3. */
const longestRow = 8 * 2 ** 20;

/** Roles of the columns, determined from the first rows of a table. */
interface Columns {
  headings: string[] | undefined;
  /** Indices of the pixel columns, or a marker that one column holds all pixels, separated by spaces. */
  pixels: number[] | 'in one cell';
  pixelColumn: number;
  label: number | undefined;
  /** Column with the split of each row. */
  split: number | undefined;
}

/** Whether the first rows of a file look like a table of pixels. */
export async function hasPixels(file: IdentifiedFile): Promise<boolean> {
  return (await columnsOf(file)) !== undefined;
}

/** Yields the rows of a table in chunks, so that a file of a gigabyte is never in memory as a whole. */
async function* rowsOf({ path, file, format }: IdentifiedFile): AsyncGenerator<{ separator: string; rows: CsvRow[] }> {
  const decoder = new TextDecoder();
  let separator: string | undefined;
  let reader: CsvReader | undefined;
  for await (const chunk of format.gzip ? unpackedChunks(file, path) : slices(file)) {
    const text = decoder.decode(chunk, { stream: true });
    separator ??= separatorOf(text);
    reader ??= new CsvReader(separator);
    const rows = reader.push(text);
    if (reader.pending > longestRow) throw noTable(path, `a row of more than ${count(longestRow)} characters`);
    if (rows.length > 0) yield { separator, rows };
  }
  if (!reader) return;
  const rows = [...reader.push(decoder.decode()), ...(reader.end() ?? [])];
  if (rows.length > 0) yield { separator: separator!, rows };
  if (reader.pending > 0) throw noTable(path, `a quote in line ${count(reader.pendingLine)} that is not closed`);
}

async function* slices(file: FileBytes): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.size; at += windowBytes) {
    yield new Uint8Array(await file.slice(at, Math.min(at + windowBytes, file.size)).arrayBuffer());
  }
}

const noTable = (path: string, found: string) =>
  new DataError({
    what: `${path} is not a table of pixels`,
    found,
    expected: 'a row for each image, with a number for each pixel and a label: label,pixel0,pixel1 and so on',
    fix: 'correct that row, or save the table again',
  });

const isNumber = (cell: string | undefined) => cell !== undefined && cell !== '' && Number.isFinite(Number(cell));

async function firstRows(file: IdentifiedFile): Promise<{ separator: string; rows: string[][] }> {
  const first = { separator: ' ', rows: [] as string[][] };
  try {
    for await (const { separator, rows } of rowsOf(file)) {
      first.separator = separator;
      first.rows.push(...rows.slice(0, lookedAt - first.rows.length).map(({ cells }) => cells));
      if (first.rows.length === lookedAt) break;
    }
  } catch (error) {
    // Damage later in a gzip file is reported when the file is read. The stream's own errors differ between browsers.
    if (error instanceof DataError || file.format.gzip) return first;
    throw error;
  }
  return first;
}

const pixelHeading = /^"?(pixels?|px|pix|p|x|f|v|c|col|column|feature|attr|image)?[\s_.-]*\d+([\s_.x,-]+\d+)*"?$/i;

async function columnsOf(file: IdentifiedFile, wanted?: string): Promise<Columns | undefined> {
  const {
    separator,
    rows: [head = [], ...rows],
  } = await firstRows(file);
  const hasHeadings =
    rows.length > 0 &&
    ((head.some((cell) => !isNumber(cell)) && !isDataRow(head, rows[0]!)) || isNumberedTwice(head, rows[0]!));
  const headings = hasHeadings ? head : undefined;
  const samples = hasHeadings ? rows : [head, ...rows];
  const packed =
    samples[0]?.findIndex((cell) => cell.split(/\s+/).length >= fewestPixels && cell.split(/\s+/).every(isNumber)) ??
    -1;
  if (separator !== ' ' && packed >= 0) {
    const named = headings?.map((heading) => ({ heading, rank: rankOf(heading) }));
    const label = labelColumn(headings, wanted, file.path) ?? bestOf(named) ?? head.findIndex((_, i) => i !== packed);
    const split = headings?.findIndex(isSplitHeading) ?? -1;
    return {
      headings,
      pixels: 'in one cell',
      pixelColumn: packed,
      label: label < 0 ? undefined : label,
      split: split < 0 ? undefined : split,
    };
  }
  if (head.length < fewestPixels || samples.length === 0) return undefined;
  const numeric = head.map((_, i) => i).filter((i) => samples.every((row) => isNumber(row[i])));
  if (numeric.length < fewestPixels || numeric.length < head.length - 8) return undefined;
  const asked = labelColumn(headings, wanted, file.path);
  const named = headings?.map((heading, i) => ({
    heading,
    rank: pixelHeading.test(heading) && !(rankOf(heading) !== undefined && i === 0) ? undefined : rankOf(heading),
  }));
  const split = headings?.findIndex(isSplitHeading) ?? -1;
  let label = asked ?? bestOf(named);
  const arePixels = (columns: readonly number[]) =>
    isSquare(columns.length) || (columns.length % 3 === 0 && isSquare(columns.length / 3));
  const pixels = numeric.filter(
    (i) => i !== label && i !== split && (!headings || pixelHeading.test(headings[i]!) || label === undefined),
  );
  if (label === undefined && !arePixels(pixels)) {
    const words = head.map((_, i) => i).filter((i) => !numeric.includes(i) && i !== split);
    label = words.length === 1 ? words[0] : likelierLabel(samples, numeric);
  }
  const without = pixels.filter((i) => i !== label);
  if (!arePixels(without)) return undefined;
  return {
    headings,
    pixels: without,
    pixelColumn: without[0]!,
    label,
    split: split < 0 ? undefined : split,
  };
}

/** If words occur in the same columns of the next row, they are labels, so the row is data rather than headings. */
const isDataRow = (head: readonly string[], below: readonly string[]) =>
  head.filter(isNumber).length >= fewestPixels && head.every((cell, i) => isNumber(cell) === isNumber(below[i]));

/** pandas turns a first row of data into column names and disambiguates equal ones: 0, 0.1, 0.2. */
const isNumberedTwice = (head: readonly string[], below: readonly string[]) =>
  (head.filter((cell) => /^\d+\.\d+$/.test(cell)).length > head.length / 2 &&
    below.every((cell) => /^\d*$/.test(cell) || !isNumber(cell))) ||
  // Columns headed by their numbers, such as 0 to 784.
  (head.length > fewestPixels && head.every((cell, i) => cell === String(i) || cell === String(i + 1)));

function labelColumn(
  headings: readonly string[] | undefined,
  wanted: string | undefined,
  path: string,
): number | undefined {
  if (wanted === undefined) return undefined;
  const at = headings?.findIndex((heading) => isSameHeading(heading, wanted)) ?? -1;
  if (at >= 0) return at;
  throw new DataError({
    what: `${path} has no column with these labels`,
    found: wanted,
    expected: headings ? headings.slice(0, 10).join(', ') : 'no name, because the table has no header',
    fix: headings && suggest(wanted, headings),
  });
}

function bestOf(named: readonly { rank: number | undefined }[] | undefined): number | undefined {
  if (!named) return undefined;
  const best = Math.min(...named.map(({ rank }) => rank ?? Infinity));
  return best === Infinity ? undefined : named.findIndex(({ rank }) => rank === best);
}

/** Next to pixels, y is Keras' name for the labels. */
const rankOf = (heading: string) => (/^y$/i.test(heading) ? 0 : labelRank(heading));

const isSquare = (n: number) => n > 0 && Math.round(Math.sqrt(n)) ** 2 === n;

/**
 * Chooses the first or the last column. Unlike pixels in a corner, labels are not constant, and they have fewer distinct values
 * than a pixel.
 */
function likelierLabel(samples: readonly (readonly string[])[], numeric: readonly number[]): number {
  const values = (column: number) => new Set(samples.map((row) => row[column])).size;
  const [first, last] = [numeric[0]!, numeric.at(-1)!];
  const [a, b] = [values(first), values(last)];
  if (a === 1 && samples.length > 1) return b === 1 ? first : last;
  return b === 1 && samples.length > 1 ? first : a <= b ? first : last;
}

/** Rows of pixels, stored as bytes until the first value that does not fit, then as numbers. */
class Pixels {
  private values: Uint8Array | Float32Array = new Uint8Array(2 ** 16);
  length = 0;

  push(value: number): void {
    if (this.values instanceof Uint8Array && !(value >= 0 && value <= 255 && Number.isInteger(value))) {
      this.values = Float32Array.from(this.values);
    }
    if (this.length === this.values.length) {
      const wider = new (this.values.constructor as new (n: number) => Uint8Array | Float32Array)(2 * this.length);
      wider.set(this.values);
      this.values = wider;
    }
    this.values[this.length++] = value;
  }

  all(): Uint8Array | Float32Array {
    return this.values.subarray(0, this.length);
  }
}

interface Rows {
  pixels: Pixels;
  labels: string[];
  from: string;
}

/**
 * Reads tables of pixels.
 *
 * @throws DataError with the line number for a cell that is not a number or a row of the wrong length, and for a table without
 *   labels.
 */
export async function readPixelTables(
  files: readonly IdentifiedFile[],
  options: UserFilesOptions,
): Promise<UserDataset> {
  const report: FileReport = { format: 'CSV', ignored: [], notes: [] };
  const found: Partial<Record<Split, Rows>> = {};
  const columnsBy = await columnsOfAll(files, options.labels);
  const contents = new Map<Split, { path: string; size: number }>();
  let pixelCount: number | undefined;
  for (const file of files) {
    const columns = columnsBy.get(file)!;
    const { path } = file;
    if (columns.label === undefined) {
      if (files.length === 1)
        throw noTable(path, `${counted(columns.pixels.length, 'column')} of pixels, and none of labels`);
      report.ignored.push({ path, reason: 'a table of pixels without labels' });
      continue;
    }
    const ofFile = splitOfFile(path) ?? 'train';
    const same = contents.get(ofFile);
    if (same && columns.split === undefined) {
      if (same.size === file.file.size) {
        report.ignored.push({ path, reason: `it has the size of ${same.path}, which was used instead` });
        continue;
      }
      throw new DataError({
        what: 'The files contain more than one data set',
        found: `${same.path} and ${path}`,
        expected: 'one table for each split',
        fix: 'use the files of only one data set',
      });
    }
    contents.set(ofFile, { path, size: file.file.size });
    const heading = columns.headings?.[columns.label];
    report.notes.push(
      `${path}: labels in the column ${heading ?? (columns.label === 0 ? 'at the start of each row' : `${columns.label + 1} of each row`)}`,
    );
    pixelCount = await readRows(file, columns, ofFile, found, pixelCount);
  }
  const pairs: Partial<Record<Split, ArrayPair>> = {};
  for (const split of splits) {
    const rows = found[split];
    if (!rows) continue;
    const { from: path, labels } = rows;
    const areNumbers = labels.every(isNumber);
    pairs[split] = {
      images: { path, shape: [labels.length, pixelCount!], data: rows.pixels.all() },
      labels: { path, width: 1, values: areNumbers ? labels.map(Number) : labels },
    };
  }
  if (Object.keys(pairs).length === 0) throw noTable(files[0]!.path, 'no rows with a label');
  return arrayDataset(pairs, report, options);
}

/** If the headings don't identify the label column, the column found in the largest table is used for the others. */
async function columnsOfAll(files: readonly IdentifiedFile[], wanted: string | undefined) {
  const found = new Map<IdentifiedFile, Columns>();
  let guess: Columns | undefined;
  for (const file of [...files].sort((a, b) => b.file.size - a.file.size)) {
    const own = (await columnsOf(file, wanted))!;
    const cells = (columns: Columns) => columns.pixels.length;
    guess ??= own.headings ? undefined : own;
    found.set(file, guess && !own.headings && cells(guess) === cells(own) ? guess : own);
  }
  return found;
}

/** @returns the number of pixels per row. */
async function readRows(
  file: IdentifiedFile,
  { headings, pixels, pixelColumn, label, split }: Columns,
  ofFile: Split,
  found: Partial<Record<Split, Rows>>,
  before: number | undefined,
): Promise<number> {
  let line = 0;
  let width = before;
  let cells: number | undefined = headings?.length;
  let isHead = headings !== undefined;
  const wrong = (what: string) => noTable(file.path, `${what} in line ${count(line)}`);
  try {
    for await (const { rows } of rowsOf(file)) {
      for (const { line: at, cells: row } of rows) {
        line = at;
        if (isHead) {
          isHead = false;
          continue;
        }
        cells ??= row.length;
        if (row.length !== cells) throw wrong(`${counted(row.length, 'cell')} instead of ${count(cells)}`);
        const ofRow = split === undefined ? ofFile : splitOfRow(row[split] ?? '');
        found[ofRow] ??= { pixels: new Pixels(), labels: [], from: file.path };
        const into = found[ofRow];
        if (!row[label!]) throw wrong('an empty label');
        into.labels.push(row[label!]!);
        const values = pixels === 'in one cell' ? (row[pixelColumn] ?? '').split(/\s+/) : pixels.map((i) => row[i]);
        width ??= values.length;
        if (values.length !== width) throw wrong(`${counted(values.length, 'pixel')} instead of ${count(width)}`);
        for (const value of values) {
          if (!isNumber(value))
            throw wrong(!value ? 'an empty cell' : `${JSON.stringify(value.slice(0, 40))} instead of a number`);
          into.pixels.push(Number(value));
        }
      }
    }
  } catch (error) {
    if (error instanceof DataError || !file.format.gzip) throw error;
    throw noTable(file.path, `gzip data that is damaged or truncated after line ${count(line)}`);
  }
  return width ?? 0;
}

/** FER2013 names its splits Training, PublicTest and PrivateTest. */
const splitOfRow = (cell: string): Split =>
  /^public_?test$/i.test(cell)
    ? 'validation'
    : /^private_?test$/i.test(cell)
      ? 'test'
      : (splitOfFolder(cell)?.split ?? 'train');
