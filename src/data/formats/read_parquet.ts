import { gunzipSync } from 'fflate';
import type { AsyncBuffer, Compressors, FileMetaData } from 'hyparquet';
import { DataError, suggest } from '../../errors.ts';
import { count } from '../../figures.ts';
import { unpackGzipFile } from '../gunzip.ts';
import type { FileBytes, IdentifiedFile } from '../identify.ts';
import type { LabeledPictures, PictureFile } from '../labeled_pictures.ts';
import type { PlacedPicture } from '../picture_folders.ts';
import { type Split, splitOfFile } from '../splits.ts';
import type { UserFilesOptions } from '../user_files.ts';
import { parquetMetadataAsync, parquetReadObjects } from './hyparquet.ts';
import { isSameHeading, labelRank } from './table_columns.ts';

/** Description of a column by Hugging Face's `datasets`, stored in the table's metadata. */
interface Feature {
  _type?: string;
  names?: string[];
  feature?: Feature;
}

interface Table {
  path: string;
  buffer: AsyncBuffer;
  metadata: FileMetaData;
  columns: string[];
  features: Readonly<Record<string, Feature>>;
}

/** Number of rows whose labels are read at a time. */
const rowsAtOnce = 50_000;
const mostRows = 20_000_000;

/**
 * The pictures in the rows of Parquet tables, each with its label. The bytes of a picture are read when it is decoded.
 *
 * @throws DataError if a table is damaged or has no column of pictures or of labels.
 */
export async function picturesInParquet(
  files: readonly IdentifiedFile[],
  options: UserFilesOptions,
): Promise<LabeledPictures> {
  const tables: Table[] = [];
  for (const file of files) tables.push(await openTable(file));
  const [first] = tables;
  const imageColumn = columnOfImages(first!);
  const labelColumn = columnOfLabels(first!, imageColumn, options.labels);
  const { names, isList } = labelsIn(first!, labelColumn);
  const pictures: PictureFile[] = [];
  const placed: PlacedPicture[] = [];
  const numbers = new Map<string, number[]>();
  const unlabeled: LabeledPictures['unlabeled'] = [];
  const folders: LabeledPictures['folders'] = {};
  for (const table of tables) {
    if (!table.columns.includes(imageColumn) || !table.columns.includes(labelColumn)) {
      throw new DataError({
        what: `${table.path} has other columns than ${first!.path}`,
        found: table.columns.join(', '),
        expected: `${imageColumn} and ${labelColumn}`,
        fix: 'use the tables of only one data set',
      });
    }
    const split = splitOfFile(table.path) ?? 'train';
    folders[split] = [...(folders[split] ?? []), table.path];
    const labels = await labelsOf(table, labelColumn);
    const row = rowReader(table, imageColumn);
    for (const [i, label] of labels.entries()) {
      const path = `${table.path}/${i}`;
      // Published competition sets have the label -1 throughout the test split.
      if (names && Number(label) < 0) {
        unlabeled.push({ path, reason: `its label is ${label}, which means unlabeled` });
        continue;
      }
      pictures.push({ path, file: pictureBytes(row, i), format: { name: 'picture' } });
      placed.push({ path, className: isList ? '' : (names?.[Number(label)] ?? String(label)), split });
      if (isList) numbers.set(path, [...(label as unknown[])].map(Number));
    }
  }
  const order = names && !isList && placed.every(({ className }) => names.includes(className)) ? names : undefined;
  return {
    ...{ files: pictures, ...trainingFirst(placed, folders), unlabeled, format: 'Parquet' },
    ...(order && { classNames: order }),
    ...(isList && { targets: targetsOf(numbers, names) }),
    notes: [
      `pictures in the column ${imageColumn}, labels in the column ${labelColumn}${others(first!, labelColumn, imageColumn)}`,
    ],
  };
}

/** If there is only one split, whatever its name, it is used for training. */
function trainingFirst(placed: PlacedPicture[], folders: LabeledPictures['folders']) {
  if (folders.train) return { placed, folders };
  return {
    placed: placed.map((one) => ({ ...one, split: 'train' as Split })),
    folders: { train: Object.values(folders).flat() },
  };
}

function others({ columns }: Table, label: string, image: string): string {
  const left = columns.filter((column) => column !== label && column !== image);
  return left.length ? `; not used: ${left.slice(0, 8).join(', ')}${left.length > 8 ? ', ...' : ''}` : '';
}

const damaged = (path: string, error: unknown) => {
  const message = (error as Error).message ?? String(error);
  const codec = /unsupported compression codec: (\w+)/.exec(message)?.[1];
  return new DataError(
    codec
      ? {
          what: `${path} is compressed in a way that wgrad does not read`,
          found: codec,
          expected: 'Snappy, gzip, Zstandard, LZ4 (LZ4_RAW) or no compression',
          fix: "rewrite it: pq.write_table(table, file, compression='snappy')",
        }
      : {
          what: `${path} is damaged or truncated`,
          found: message.slice(0, 200),
          expected: 'a whole Parquet file',
          fix: 'download the file again',
        },
    { cause: error },
  );
};

const compressors: Compressors = { GZIP: (bytes) => gunzipSync(bytes) };

async function loadCodecs({ row_groups }: FileMetaData): Promise<void> {
  const codecs = row_groups.flatMap(({ columns }) => columns.map(({ meta_data }) => meta_data?.codec));
  if (compressors.ZSTD || !codecs.some((codec) => codec === 'ZSTD' || codec === 'LZ4_RAW')) return;
  const { rareCodecs } = await import('./parquet_codecs.ts');
  Object.assign(compressors, rareCodecs);
}

async function openTable({ path, file, format }: IdentifiedFile): Promise<Table> {
  const bytes: FileBytes = format.gzip ? (await unpackGzipFile(file, path)).blob : file;
  const buffer: AsyncBuffer = {
    byteLength: bytes.size,
    slice: (start, end = bytes.size) => bytes.slice(start, Math.min(end, bytes.size)).arrayBuffer(),
  };
  try {
    const metadata = await parquetMetadataAsync(buffer);
    const rows = Number(metadata.num_rows);
    const inGroups = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
    if (!(rows >= 0 && rows <= mostRows) || rows !== inGroups)
      throw new Error(`${rows} rows, and ${inGroups} in its groups`);
    if (metadata.schema.some(({ name }) => typeof name !== 'string')) throw new Error('a column without a name');
    await loadCodecs(metadata);
    return { path, buffer, metadata, columns: topColumns(metadata), features: featuresOf(metadata) };
  } catch (error) {
    throw error instanceof DataError ? error : damaged(path, error);
  }
}

function topColumns({ schema }: FileMetaData): string[] {
  const columns: string[] = [];
  const skip = (at: number): number => {
    let next = at + 1;
    for (let i = 0; i < (schema[at]?.num_children ?? 0); i++) next = skip(next);
    return next;
  };
  for (let at = 1; at < schema.length; at = skip(at)) columns.push(schema[at]!.name);
  return columns;
}

function featuresOf({ key_value_metadata }: FileMetaData): Record<string, Feature> {
  const text = key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  try {
    return (JSON.parse(text ?? '{}') as { info?: { features?: Record<string, Feature> } }).info?.features ?? {};
  } catch {
    return {};
  }
}

/** The image column: a struct of bytes and a path, or plain bytes. */
function columnOfImages({ path, columns, features, metadata }: Table): string {
  const { schema } = metadata;
  const at = (name: string) => schema.findIndex((element, i) => i > 0 && element.name === name);
  const hasBytes = (name: string) =>
    schema[at(name) + 1]?.name === 'bytes' && (schema[at(name)]?.num_children ?? 0) > 0;
  const isBytes = (name: string) => {
    const element = schema[at(name)]!;
    return element.type === 'BYTE_ARRAY' && !element.converted_type && !element.logical_type;
  };
  const found =
    columns.find((name) => features[name]?._type === 'Image') ?? columns.find(hasBytes) ?? columns.find(isBytes);
  if (found !== undefined) return found;
  throw new DataError({
    what: `${path} has no column of pictures`,
    found: `columns ${columns.join(', ')}`,
    expected: 'a column with the bytes of PNG or JPEG files, as Hugging Face publishes them: image.bytes',
    fix: 'use a data set of pictures, or save its arrays as .npz or IDX files',
  });
}

function columnOfLabels({ path, columns, features }: Table, image: string, wanted: string | undefined): string {
  const rest = columns.filter((name) => name !== image);
  if (wanted !== undefined) {
    const found = rest.find((name) => isSameHeading(name, wanted) || isSameHeading(name, `${wanted}_label`));
    if (found !== undefined) return found;
    throw new DataError({
      what: `${path} has no column with these labels`,
      found: wanted,
      expected: rest.join(', '),
      fix: suggest(wanted, rest),
    });
  }
  const isLabel = (name: string) =>
    features[name]?._type === 'ClassLabel' || features[name]?.feature?._type === 'ClassLabel';
  const ranked = (names: readonly string[]) => [...names].sort((a, b) => (labelRank(a) ?? 9) - (labelRank(b) ?? 9))[0];
  // If there are fine and coarse labels, the fine ones are the usual target.
  const found = ranked(rest.filter(isLabel)) ?? ranked(rest.filter((name) => labelRank(name) !== undefined));
  if (found !== undefined) return found;
  throw new DataError({
    what: `${path} has no column of labels`,
    found: `columns ${columns.join(', ')}`,
    expected: 'a column called label, class or similar',
    fix: 'name the column with --labels (labels in the library)',
  });
}

function labelsIn({ features, metadata }: Table, column: string): { names?: string[]; isList: boolean } {
  const feature = features[column];
  const names = feature?.names ?? feature?.feature?.names;
  const { schema } = metadata;
  const isList = (schema[schema.findIndex(({ name }, i) => i > 0 && name === column)]?.num_children ?? 0) > 0;
  return { ...(Array.isArray(names) && { names: names.map(String) }), isList };
}

/** Converts several classes per picture, given as indices, to targets. */
function targetsOf(numbers: ReadonlyMap<string, readonly number[]>, names: string[] | undefined) {
  let most = 0;
  for (const list of numbers.values()) for (const value of list) most = Math.max(most, value);
  const all = names ?? Array.from({ length: most + 1 }, (_, i) => String(i));
  const of = new Map([...numbers].map(([path, list]) => [path, all.map((_, i) => (list.includes(i) ? 1 : 0))]));
  return { names: all, of };
}

async function labelsOf({ path, buffer, metadata }: Table, column: string): Promise<unknown[]> {
  const labels: unknown[] = [];
  const rows = Number(metadata.num_rows);
  try {
    for (let rowStart = 0; rowStart < rows; rowStart += rowsAtOnce) {
      const rowEnd = Math.min(rows, rowStart + rowsAtOnce);
      const read = await parquetReadObjects({
        file: buffer,
        metadata,
        columns: [column],
        rowStart,
        rowEnd,
        compressors,
      });
      for (const row of read) labels.push(row[column]);
    }
  } catch (error) {
    throw damaged(path, error);
  }
  const missing = labels.findIndex((label) => label === null || label === undefined);
  if (missing >= 0 || labels.length !== rows) {
    const found = missing >= 0 ? `none in row ${count(missing)}` : `${count(labels.length)} of ${count(rows)}`;
    throw new DataError({
      what: `${path} has rows without a label in the column ${column}`,
      found,
      expected: 'one in each row',
      fix: 'delete these rows, or download the file again',
    });
  }
  return labels;
}

type RowReader = (row: number) => Promise<Uint8Array>;

/** Reads the pictures of one row group at a time, since they are requested in order. */
function rowReader({ path, buffer, metadata }: Table, column: string): RowReader {
  const ends: number[] = [];
  for (const { num_rows } of metadata.row_groups) ends.push((ends.at(-1) ?? 0) + Number(num_rows));
  let group = -1;
  let rows: Promise<Record<string, unknown>[]> | undefined;
  return async (row) => {
    const wanted = ends.findIndex((end) => row < end);
    const rowStart = ends[wanted - 1] ?? 0;
    if (wanted !== group) {
      group = wanted;
      const read = {
        file: buffer,
        metadata,
        columns: [column],
        rowStart,
        rowEnd: ends[wanted]!,
        utf8: false,
        compressors,
      };
      rows = parquetReadObjects(read).catch((error) => {
        throw damaged(path, error);
      });
    }
    const cell = (await rows!)[row - rowStart]?.[column] as { bytes?: unknown } | Uint8Array | undefined;
    const bytes = cell instanceof Uint8Array ? cell : cell?.bytes;
    return bytes instanceof Uint8Array ? bytes : new Uint8Array();
  };
}

function pictureBytes(read: RowReader, row: number): FileBytes {
  const arrayBuffer = async () => (await read(row)).slice().buffer as ArrayBuffer;
  return {
    size: 0,
    arrayBuffer,
    slice: (start, end) => ({ arrayBuffer: async () => (await arrayBuffer()).slice(start, end) }),
  };
}
