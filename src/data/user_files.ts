import { DataError } from '../errors.ts';
import { counted } from '../figures.ts';
import type { Unpacked } from './archives/unpack_archives.ts';
import type { ReadingContext } from './formats/data_format.ts';
import { dataFormats, readableFiles } from './formats/index.ts';
import { requireSplit } from './held_out.ts';
import { type IdentifiedFile, identifyFiles, type PlacedFile } from './identify.ts';
import { type PictureOptions, requirePictureOptions } from './picture_sizes.ts';
import { readPictureFiles } from './pictures.ts';
import { type IgnoredFile, some, systemReason, type UserDataset } from './reading_report.ts';

/** Options of `readUserFiles`. */
export interface UserFilesOptions extends PictureOptions {
  /**
   * The share of each class that is held out for validation where the files have no split for it: 0.2 unless given.
   * With 0 nothing is held out, and `test` has no images.
   */
  validationSplit?: number;
  /**
   * Which labels, where files have several: `'fine'` (the default) or `'coarse'` for CIFAR-100, the name of a column of a table,
   * or a part of the name of an array.
   */
  labels?: string;
  /**
   * Spreads the values of arrays (IDX, NumPy, CSV and MATLAB files) over all of 0 to 255, where they use a part of it, such as 0 to 16
   * or 12 bits of 16. False by default; the report says what range there is. Pictures are taken as the browser decodes them.
   */
  stretch?: boolean;
  /**
   * Leaves pictures in their files where their images would take more bytes than this in memory: each is decoded when it is trained
   * on. By default all images are read into memory.
   */
  streamAbove?: number;
  /** Stops reading: the promise rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Bytes of images that the command and the page keep in memory, unless a smaller memory budget is given. */
export const mostInMemory = 2 ** 30;

/** Reads pictures, where that takes more than this thread: a command has no decoder for them. */
export type PictureReader = typeof readPictureFiles;

/**
 * Reads a user's files into a data set in any of the formats of docs/data.md, archives among them; pictures in folders are one. The content of a file decides what it is, its name is only a hint; what is of no use is ignored and
 * listed in the report. Where files or folders are named after splits (train, val, test and the like) each is one: `test`
 * validates where there are two, `validation` does where there are three, and `test` is kept aside. Else a share of each class
 * is held out. Pictures take a browser, which decodes them. Pictures that are in no folders of classes, with a CSV file next
 * to them that has their names in a column and numbers in others, make a data set of targets.
 *
 * @throws ConfigurationError for an option that is out of range.
 * @throws DataError where the files hold no data set, or are damaged, with what was found and what can be read instead.
 */
export function readUserFiles(files: readonly PlacedFile[], options: UserFilesOptions = {}): Promise<UserDataset> {
  return readFilesWith(readPictureFiles, files, options);
}

/** Does the same, with pictures read by another reader. */
export async function readFilesWith(
  readPictures: PictureReader,
  placed: readonly PlacedFile[],
  options: UserFilesOptions,
): Promise<UserDataset> {
  if (options.validationSplit !== undefined) requireSplit(options.validationSplit);
  requirePictureOptions(options);
  const { files, ignored, notes } = await unpacked(await identifyFiles(placed, options.signal));
  options.signal?.throwIfAborted();
  const describe = (used: readonly IdentifiedFile[]) => {
    const isUsed = new Set(used);
    return describeOthers(files.filter((file) => !isUsed.has(file)));
  };
  const context: ReadingContext = { options, readPictures, describeOthers: describe };
  for (const format of dataFormats) {
    const claim = await format.claim(files, context);
    if (!claim) continue;
    const dataset = withIgnored(await claim.read(), files, claim.files);
    const { report } = dataset;
    return {
      ...dataset,
      report: { ...report, ignored: [...report.ignored, ...ignored], notes: [...notes, ...report.notes] },
    };
  }
  throw nothingReadable(files);
}

/** The code for archives is loaded where there is one. */
async function unpacked(files: readonly IdentifiedFile[]): Promise<Unpacked> {
  if (!files.some(({ format }) => format.kind === 'archive')) return { files: [...files], ignored: [], notes: [] };
  const { unpackArchives } = await import('./archives/unpack_archives.ts');
  return unpackArchives(files, identifyFiles);
}

/** Lists every file that was not used, with the format of its content. */
function withIgnored(
  dataset: UserDataset,
  files: readonly IdentifiedFile[],
  used: readonly IdentifiedFile[],
): UserDataset {
  const isUsed = new Set(used);
  const ignored = files
    .filter((file) => !isUsed.has(file))
    .map(({ path, format }) => ({ path, reason: reasonOf(path, format) }));
  return { ...dataset, report: { ...dataset.report, ignored: [...dataset.report.ignored, ...ignored] } };
}

const pictureName = /\.(png|jpe?g|jfif|webp|gif|bmp|avif|tiff?|heic)$/i;

function reasonOf(path: string, { kind, name }: IdentifiedFile['format']): IgnoredFile['reason'] {
  if (kind === 'system') return systemReason;
  if (kind === 'picture') return `${name}: a picture among the files of the data set`;
  return pictureName.test(path) ? `named like a picture, but its content is: ${name}` : name;
}

/** "labels.csv: table of values (CSV)" of the files that a message had better name, with the number of the others. */
function describeOthers(files: readonly IdentifiedFile[]): string | undefined {
  const relevant = files.filter(({ format }) => format.kind !== 'system');
  if (relevant.length === 0) return undefined;
  // A file that is nearly usable is more informative than a readme.
  const sorted = [...relevant].sort((a, b) => Number(Boolean(b.format.fix)) - Number(Boolean(a.format.fix)));
  return some(sorted.map(({ path, format }) => `${path}: ${format.name}`));
}

function nothingReadable(files: readonly IdentifiedFile[]): DataError {
  const described = describeOthers(files);
  const hidden = files.filter(({ format }) => format.kind === 'system').length;
  const fix = files.find(({ format }) => format.fix)?.format.fix;
  return new DataError({
    what: 'There is no data set in these files that wgrad can read',
    found: described ?? counted(hidden, hidden > 0 ? 'hidden or system file' : 'file'),
    expected: readableFiles,
    fix:
      fix ?? 'choose the folder that holds the folders of the classes: animals, with animals/cat and animals/dog in it',
  });
}
