import { DataError } from '../errors.ts';
import { counted } from '../figures.ts';
import type { PictureLevels } from '../image_source.ts';
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
   * Fraction of each class that is held out for validation if the files have no validation split. With 0 nothing is held out and
   * `test` has no images. Default 0.2.
   */
  validationSplit?: number;
  /**
   * Which labels to use if the files have several: `'fine'` (the default) or `'coarse'` for CIFAR-100, the name of a table column,
   * or part of the name of an array.
   */
  labels?: string;
  /**
   * Scales the values of arrays (IDX, NumPy, CSV and MATLAB files) and of 16-bit PNGs to the full range 0 to 255 if they use only part
   * of their range, such as 0 to 16 or 12 bits of 16. The report states the range. Other pictures are not changed. Default false.
   */
  stretch?: boolean;
  /**
   * With `stretch`, the range of 16-bit pictures that becomes 0 to 255, such as `pictureLevels` of the data set that a model was trained
   * on. Default: the range of the pictures that are read.
   */
  levels?: PictureLevels;
  /**
   * Leaves pictures in their files if their images would take more than this many bytes of memory; each is decoded when it is
   * needed for training. Default: all images are read into memory.
   */
  streamAbove?: number;
  /** Aborts reading: the promise rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Maximum bytes of images that the command and the page keep in memory, unless a smaller memory budget is given. */
export const mostInMemory = 2 ** 30;

/** Reads pictures; the command passes another implementation, because Node has no decoder for them. */
export type PictureReader = typeof readPictureFiles;

/**
 * Reads a data set from a user's files, in any of the formats of docs/data.md, including archives. The content of a file determines
 * its format; the name is only a hint. Unusable files are ignored and listed in the report. Files or folders named after splits
 * (train, val, test and similar) become these splits: with two splits `test` is used for validation; with three `validation` is,
 * and `test` is set aside. Without splits, a fraction of each class is held out. Pictures require a browser, which decodes them.
 * Pictures outside of class folders, next to a CSV file with their names in one column and numbers in others, become a data set
 * with targets.
 *
 * @throws ConfigurationError for an option that is out of range.
 * @throws DataError if the files contain no data set or are damaged, with what was found and which formats can be read.
 */
export function readUserFiles(files: readonly PlacedFile[], options: UserFilesOptions = {}): Promise<UserDataset> {
  return readFilesWith(readPictureFiles, files, options);
}

/** Like readUserFiles, with another picture reader. */
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

/** The code for archives is loaded on demand. */
async function unpacked(files: readonly IdentifiedFile[]): Promise<Unpacked> {
  if (!files.some(({ format }) => format.kind === 'archive')) return { files: [...files], ignored: [], notes: [] };
  const { unpackArchives } = await import('./archives/unpack_archives.ts');
  return unpackArchives(files, identifyFiles);
}

/** Lists every unused file with the format of its content. */
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

/** Describes the most informative unused files, such as "labels.csv: table of values (CSV)", and counts the others. */
function describeOthers(files: readonly IdentifiedFile[]): string | undefined {
  const relevant = files.filter(({ format }) => format.kind !== 'system');
  if (relevant.length === 0) return undefined;
  // A file that is almost usable is more informative than a readme.
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
