import { DataError } from '../errors.ts';
import { counted } from '../figures.ts';
import { requireSplit } from './held_out.ts';
import { type IdentifiedFile, identifyFiles, nameOf, type PlacedFile } from './identify.ts';
import { parseIdx } from './idx.ts';
import { readCifarFiles, readIdxFiles } from './image_files.ts';
import { readLabelTables } from './label_table.ts';
import { classNamesOf, placePictures } from './picture_folders.ts';
import { type PictureOptions, requirePictureOptions } from './picture_sizes.ts';
import { readPictureFiles } from './pictures.ts';
import { type IgnoredFile, some, systemReason, type UserDataset } from './reading_report.ts';
import { splitOfFile } from './splits.ts';

/** Options of `readUserFiles`. */
export interface UserFilesOptions extends PictureOptions {
  /**
   * The share of each class that is held out for validation where the files have no split for it: 0.2 unless given.
   * With 0 nothing is held out, and `test` has no images.
   */
  validationSplit?: number;
}

/** Reads pictures, where that takes more than this thread: a command has no decoder for them. */
export type PictureReader = typeof readPictureFiles;

/** The formats that wgrad reads, in words. */
export const readableFiles =
  'a folder of pictures (PNG, JPEG, WebP, GIF, BMP or AVIF) with a folder for each class in it, IDX files ' +
  '(train-images-idx3-ubyte and so on, plain or .gz), or the binary version of CIFAR-10 (data_batch_*.bin, test_batch.bin)';

/**
 * Reads a user's files into a data set: IDX files of images and labels, batches of CIFAR-10's binary version, or else
 * pictures in folders. The content of a file decides what it is, its name is only a hint; what is of no use is ignored and
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
  const identified = await identifyFiles(placed);
  const table = await readLabelTables(identified);
  // A table of labels is a part of the data set, and is not listed with what was left out of it.
  const files = table ? identified.filter(({ path }) => !table.from.includes(path)) : identified;
  if (options.validationSplit !== undefined) requireSplit(options.validationSplit);
  requirePictureOptions(options);
  const ofKind = (kind: IdentifiedFile['format']['kind']) => files.filter(({ format }) => format.kind === kind);
  const [idx, cifar, pictures] = [ofKind('idx'), ofKind('cifar10'), ofKind('picture')];
  const { validationSplit } = options;
  const arePictures = () => haveClasses(pictures);
  if (havePair(idx) || (idx.length > 0 && !arePictures())) {
    await requireIdx(files);
    return withIgnored(await readIdxFiles(idx, validationSplit), files, idx);
  }
  // Truncated batches are not recognized by their content: the reader reports what is wrong with them.
  const cut = ofKind('other').filter(({ path }) => isBatchName(path));
  const batches = [...cifar, ...cut];
  if (cifar.some(({ path }) => isBatchName(path)) || (batches.length > 0 && !arePictures())) {
    return withIgnored(await readCifarFiles(batches, validationSplit), files, batches);
  }
  if (pictures.length === 0) throw nothingReadable(files);
  const others = files.filter((file) => !pictures.includes(file));
  return withIgnored(await readPictures(pictures, options, describeOthers(others), table), files, pictures);
}

const isBatchName = (path: string) => /(data|test)_batch[^/]*\.bin(\.gz)?$/i.test(path);

/** Whether pictures are in folders of at least two classes: other files next to these are then not a data set. */
function haveClasses(pictures: readonly IdentifiedFile[]): boolean {
  if (pictures.length === 0) return false;
  const { placed } = placePictures(pictures.map(({ path }) => path));
  return classNamesOf(placed).length > 1;
}

/** Whether any split has both images and labels. */
const havePair = (idx: readonly IdentifiedFile[]) => {
  const splitsOf = (isLabels: boolean) =>
    new Set(
      idx
        .filter(({ format }) => (format.dimensions === 1) === isLabels)
        .map(({ path }) => splitOfFile(path) ?? 'train'),
    );
  const labels = splitsOf(true);
  return [...splitsOf(false)].some((split) => labels.has(split));
};

/** A file that is named like one of a pair but is not, among others: it is refused rather than left out. */
async function requireIdx(files: readonly IdentifiedFile[]): Promise<void> {
  const idx = files.filter(({ format }) => format.kind === 'idx');
  for (const { path, file, format } of files) {
    if (format.kind !== 'other' || !/(images|labels).*idx\d|idx\d.*ubyte/i.test(nameOf(path))) continue;
    const role = /labels/i.test(nameOf(path));
    const isThere = idx.some(
      (other) => (other.format.dimensions === 1) === role && splitOfFile(other.path) === splitOfFile(path),
    );
    if (!isThere) await parseIdx(new Uint8Array(await file.slice(0, 64).arrayBuffer()), path);
  }
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
