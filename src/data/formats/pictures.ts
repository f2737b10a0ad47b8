import { DataError } from '../../errors.ts';
import { counted } from '../../figures.ts';
import { foldersOf, type IdentifiedFile, nameOf } from '../identify.ts';
import { type LabelTable, readLabelTables } from '../label_table.ts';
import type { LabeledPictures } from '../labeled_pictures.ts';
import { classNamesOf, type PictureFolders, type PlacedPicture, placePictures } from '../picture_folders.ts';
import { splitByLists } from '../split_lists.ts';
import { type Split, splitOfFolder } from '../splits.ts';
import { type Claim, type DataFormat, ofKind, type ReadingContext } from './data_format.ts';

type Placed = PictureFolders & Pick<LabeledPictures, 'targets' | 'notes'> & { tables?: readonly string[] };

/** Pictures in one folder per class, with a table of their labels, or with the class in their file names. */
export const pictureFormat: DataFormat = {
  readable:
    'a folder of pictures (PNG, JPEG, WebP, GIF, BMP or AVIF) with one subfolder per class, or with a CSV file of their labels',
  async claim(files, context) {
    const placed = await placeAll(files, context);
    return placed && (placed.targets || classNamesOf(placed.placed).length > 1)
      ? claimOf(placed, files, context)
      : undefined;
  },
};

/** Pictures without labels, if there is nothing else: the picture reader reports what is missing. */
export const unlabeledPictures: DataFormat = {
  readable: '',
  async claim(files, context) {
    const placed = await placeAll(files, context);
    return placed && claimOf(placed, files, context);
  },
};

async function placeAll(files: readonly IdentifiedFile[], { options }: ReadingContext): Promise<Placed | undefined> {
  const paths = ofKind(files, 'picture').map(({ path }) => path);
  if (paths.length === 0) return undefined;
  const placed = await place(paths, (unlabeled) => readLabelTables(files, unlabeled, options.labels));
  return Object.keys(placed.folders).length > 0 || placed.targets ? placed : withLists(placed, files);
}

/** If folders are the classes and none is a split, lists next to them may name the pictures of each split. */
async function withLists(placed: Placed, files: readonly IdentifiedFile[]): Promise<Placed> {
  const lists = await splitByLists(files, placed.placed);
  if (!lists) return placed;
  const { from, unlisted } = lists;
  return {
    ...placed,
    placed: lists.placed,
    folders: foldersWith(lists.placed),
    unlabeled: [
      ...placed.unlabeled,
      ...unlisted.map((path) => ({ path, reason: `a picture that none of ${from.join(', ')} names` })),
    ],
    notes: [...placed.notes, `splits from ${from.join(', ')}`],
    tables: [...(placed.tables ?? []), ...from],
  };
}

function claimOf({ tables = [], ...placed }: Placed, files: readonly IdentifiedFile[], context: ReadingContext): Claim {
  const { options, readPictures, describeOthers } = context;
  const pictures = ofKind(files, 'picture');
  const isTable = new Set(tables);
  // A table of labels belongs to the data set, so it is not reported as ignored.
  const used = [...pictures, ...files.filter(({ path }) => isTable.has(path))];
  const others = describeOthers(used);
  const labeled = { ...placed, files: pictures, format: 'pictures' as const, ...(others && { others }) };
  return { files: used, read: () => readPictures(labeled, options) };
}

async function place(
  paths: readonly string[],
  tablesFor: (unlabeled: readonly string[]) => Promise<LabelTable | undefined>,
): Promise<Placed> {
  const inFolders = placePictures(paths);
  const classNames = classNamesOf(inFolders.placed);
  const notes = differingInCase(classNames);
  // Folders named after splits are not classes.
  if (classNames.length > 1 && !classNames.every((name) => splitOfFolder(name)?.rest === '')) {
    // Handles pictures that are divided into numbered folders, with a table of their classes.
    const isSharded = classNames.every((name) => isPart.test(name)) || paths.every((path) => isShard.test(path));
    const table = isSharded ? await tablesFor(paths) : undefined;
    if (table) return placeByTable(paths, table);
    requireNoMasks(classNames);
    return { ...(await completed(inFolders, classNames, tablesFor)), notes };
  }
  const table = await tablesFor(paths);
  if (table) return placeByTable(paths, table);
  const byName = placeByName(paths);
  if (byName) return byName;
  requireTrainingClasses(inFolders, classNames);
  return { ...inFolders, notes };
}

/** @throws DataError if training has one class and other splits have more, as in sets for the detection of defects (MVTec). */
function requireTrainingClasses({ unlabeled }: PictureFolders, classNames: readonly string[]): void {
  const others = unlabeled.filter(({ isOfOtherClass }) => isOfOtherClass);
  if (classNames.length !== 1 || others.length === 0) return;
  throw new DataError({
    what: `The training pictures have one class, ${classNames[0]}, and other splits have more`,
    found: others[0]!.path,
    expected: 'pictures of each class for training; wgrad does not train anomaly detectors',
    fix: 'move some pictures of the other classes into train, or use a folder that contains only the folders of all classes',
  });
}

/** @throws DataError if the folders are not classes, but pictures and their masks. */
function requireNoMasks(classNames: readonly string[]): void {
  const isMask = (name: string) => /^(masks?|ground_?truth|annotations?|segmentations?|gt|labels?)$/i.test(name);
  const isImages = (name: string) => /^(images?|imgs?|pictures?|photos?)$/i.test(name);
  if (!classNames.every((name) => isMask(name) || isImages(name)) || !classNames.some(isMask)) return;
  throw new DataError({
    what: 'The folders contain pictures and masks',
    found: classNames.join(', '),
    expected: 'a folder for each class; wgrad trains classifiers, not segmentation models',
    fix: 'sort the pictures into a folder for each class, and leave out the masks',
  });
}

/** Matches names such as HAM10000_images_part_1 and images_002: one of several folders of the same set. */
const isPart = /(^|[\W_])(parts?|images?|imgs?|photos?|pictures?|batch|chunk|folder|set|data)[\W_]*\d+$/i;

/** Matches 0/a/2/0a2.jpg: large sets are divided by the first digits of the pictures' hexadecimal names. */
const isShard = /(^|\/)([0-9a-f])\/([0-9a-f])\/([0-9a-f])\/\2\3\4[^/]*$/i;

/**
 * Finds folder names that differ only in case. Windows and macOS treat them as the same folder; elsewhere one of them is usually a
 * mistake.
 */
function differingInCase(classNames: readonly string[]): string[] {
  const byLower = new Map<string, string[]>();
  for (const name of classNames) byLower.set(name.toLowerCase(), [...(byLower.get(name.toLowerCase()) ?? []), name]);
  return [...byLower.values()]
    .filter(({ length }) => length > 1)
    .map((names) => `classes whose names differ only in case: ${names.join(', ')}`);
}

/** If the training pictures are in class folders, a table with the same class names may label the remaining pictures. */
async function completed(
  { placed, folders, unlabeled }: PictureFolders,
  classNames: readonly string[],
  tablesFor: (unlabeled: readonly string[]) => Promise<LabelTable | undefined>,
): Promise<PictureFolders & { tables?: readonly string[] }> {
  const paths = unlabeled.map(({ path }) => path).filter((path) => splitOfPath(path) !== undefined);
  // An unrelated table, such as one of bounding boxes, is not an error here.
  const table = paths.length > 0 ? await tablesFor(paths).catch(() => undefined) : undefined;
  const known = new Map(
    classNames.flatMap((name) => [
      [name, name],
      [String(Number(name)), name],
    ]),
  );
  const found = paths.flatMap((path): PlacedPicture[] => {
    const className = known.get(table?.classOf?.get(path) ?? '');
    return className === undefined ? [] : [{ path, className, split: splitOfPath(path)! }];
  });
  if (!table || found.length < paths.length / 2) return { placed, folders, unlabeled };
  const labeled = new Set(found.map(({ path }) => path));
  return {
    placed: [...placed, ...found],
    folders: foldersWith(found, folders),
    unlabeled: unlabeled.filter(({ path }) => !labeled.has(path)),
    tables: table.from,
  };
}

/** Merges the folders of each split with those of additional pictures. */
function foldersWith(
  placed: readonly PlacedPicture[],
  before: PictureFolders['folders'] = {},
): PictureFolders['folders'] {
  const all = new Map<Split, Set<string>>();
  for (const [split, folders] of Object.entries(before) as [Split, string[]][]) all.set(split, new Set(folders));
  for (const { path, split } of placed) {
    const folder = foldersOf(path).join('/') || 'the chosen files';
    all.set(split, (all.get(split) ?? new Set<string>()).add(folder));
  }
  return Object.fromEntries([...all].map(([split, folders]) => [split, [...folders]]));
}

/** Places the pictures that the table labels, each in the split given by the table or by the name of one of its folders. */
function placeByTable(paths: readonly string[], table: LabelTable): Placed {
  const { classOf, of, from, names, notes } = table;
  const isLabeled = (path: string) => (classOf ?? of).has(path);
  const splitFound = (path: string) =>
    table.splitOf.get(path) ?? splitOfPath(path) ?? table.splitOfTable.get(path) ?? 'train';
  const what = classOf ? `classes from ${from.join(', ')}` : `numbers from ${from.join(', ')}: ${names.join(', ')}`;
  return {
    ...inSplits(
      paths.filter(isLabeled).map((path) => ({ path, className: classOf?.get(path) ?? '', split: splitFound(path) })),
    ),
    unlabeled: paths
      .filter((path) => !isLabeled(path))
      .map((path) => ({
        path,
        reason: `a picture for which ${from.join(', ')} has no ${classOf ? 'class' : 'numbers'}`,
      })),
    ...(!classOf && { targets: { names, of } }),
    notes: [what, ...notes],
    tables: from,
  };
}

/** If there is only one split, whatever its name, it is used for training. */
function inSplits(placed: PlacedPicture[]): Pick<PictureFolders, 'placed' | 'folders'> {
  if (placed.some(({ split }) => split === 'train')) return { placed, folders: foldersWith(placed) };
  const folders = Object.values(foldersWith(placed)).flat();
  return { placed: placed.map((one) => ({ ...one, split: 'train' })), folders: { train: folders } };
}

/** The split after which one of a picture's folders is named; the nearest folder wins. */
const splitOfPath = (path: string): Split | undefined =>
  foldersOf(path)
    .reverse()
    .map((name) => splitOfFolder(name))
    .find((found) => found?.rest === '')?.split;

/** Prefixes that cameras and programs put before a number. */
const anyPicture =
  /^(img|image|dsc[nf]?|pict?|picture|photo|pxl|p|file|frame|screenshot|scan|sample|test|train|untitled|unknown|\d*)$/i;
const classInName = /^(.*?\p{L}.*?)[\s._-]*\(?\d+\)?\.[^.]+$/u;

/** Matches cat.0.jpg and dog.0.jpg, or Abyssinian_1.jpg: a class and a number, for all pictures of the training split. */
function placeByName(paths: readonly string[]): Placed | undefined {
  const classOf = new Map<string, string>();
  for (const path of paths) {
    const [, name] = classInName.exec(nameOf(path)) ?? [];
    if (name && !anyPicture.test(name)) classOf.set(path, name);
  }
  const training = paths.filter((path) => (splitOfPath(path) ?? 'train') === 'train');
  const counts = new Map<string, number>();
  for (const path of training) counts.set(classOf.get(path) ?? '', (counts.get(classOf.get(path) ?? '') ?? 0) + 1);
  const fewest = 5;
  if (counts.has('') || counts.size < 2 || [...counts.values()].some((n) => n < fewest)) return undefined;
  const labeled = paths.filter((path) => counts.has(classOf.get(path) ?? ''));
  const names = [...counts.keys()].slice(0, 4).join(', ');
  return {
    ...inSplits(labeled.map((path) => ({ path, className: classOf.get(path)!, split: splitOfPath(path) ?? 'train' }))),
    unlabeled: paths
      .filter((path) => !counts.has(classOf.get(path) ?? ''))
      .map((path) => ({ path, reason: 'a picture outside the folders of the classes, without a class in its name' })),
    notes: [
      `classes from the names of the pictures, up to their numbers: ${names}; ${counted(counts.size, 'class', 'classes')}`,
    ],
  };
}
