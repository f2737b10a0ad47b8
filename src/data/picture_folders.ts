import { DataError } from '../errors.ts';
import { foldersOf } from './identify.ts';
import { type Split, splitOfFolder, splits } from './splits.ts';

/** Class and split of a picture, determined by its folders. */
export interface PlacedPicture {
  path: string;
  className: string;
  split: Split;
}

/** Distinct classes in the order of the pictures. */
export const classNamesOf = (pictures: readonly PlacedPicture[]): string[] => [
  ...new Set(pictures.map(({ className }) => className)),
];

export interface UnlabeledPicture {
  path: string;
  reason: string;
  /** True for a picture in the folder of a class that training does not have. */
  isOfOtherClass?: boolean;
}

export interface PictureFolders {
  /** Sorted by path. */
  placed: PlacedPicture[];
  /** Folders of each split; empty if no folder is named after a split. */
  folders: Partial<Record<Split, string[]>>;
  /** Pictures without a class. */
  unlabeled: UnlabeledPicture[];
}

/** A folder with the pictures in it. */
interface Folder {
  path: string;
  name: string;
  children: Map<string, Folder>;
  /** Pictures directly in this folder. */
  own: string[];
}

/**
 * Determines classes and splits of pictures from their folders, as Keras and torchvision do: the class is the first folder below
 * the split folder, or below the common root folder if there are no splits. Pictures outside of such folders are unlabeled.
 *
 * @throws DataError if the folders contain several data sets, or splits without a training split.
 */
export function placePictures(paths: readonly string[]): PictureFolders {
  const root = treeOf(paths);
  const parent = splitParentOf(root);
  if (parent) return placeInSplits(root, parent);
  const top = descend(root);
  const folds = placeFolds(top);
  if (folds) return folds;
  const classes = [...top.children.values()];
  const labeled = new Set(classes.flatMap(below));
  const unlabeled = below(root)
    .filter((path) => !labeled.has(path))
    .map((path) => ({ path, reason: 'a picture outside the folders of the classes has no class' }));
  return placeSplitsInClasses(classes, unlabeled) ?? { ...placeClasses(classes, 'train'), folders: {}, unlabeled };
}

function treeOf(paths: readonly string[]): Folder {
  const root: Folder = { path: '', name: '', children: new Map(), own: [] };
  // The domains of CycleGAN: trainA and trainB are the classes A and B of the split train.
  const isPaired = ['trainA/', 'trainB/'].every((name) => paths.some((path) => `/${path}`.includes(`/${name}`)));
  const parts = (name: string) =>
    isPaired && /^(train|test|val)[AB]$/.test(name) ? [name.slice(0, -1), name.at(-1)!] : [name];
  for (const path of paths) {
    let folder = root;
    for (const name of foldersOf(path).flatMap(parts)) {
      const inside = folder.children.get(name) ?? {
        path: folder.path ? `${folder.path}/${name}` : name,
        name,
        children: new Map(),
        own: [],
      };
      folder.children.set(name, inside);
      folder = inside;
    }
    folder.own.push(path);
  }
  return root;
}

const below = (folder: Folder): string[] => [...folder.own, ...[...folder.children.values()].flatMap(below)];
const isBelow = (path: string, folder: Folder) => path.startsWith(`${folder.path}/`);

/** Descends through folders that contain a single folder. Pictures next to that folder have no class. */
function descend(folder: Folder): Folder {
  const [only, another] = folder.children.values();
  return only && !another && only.children.size > 0 ? descend(only) : folder;
}

/** Archives often contain a folder within a folder of the same name. */
function descendSameName(folder: Folder): Folder {
  const [only, another] = folder.children.values();
  const isWrapped = only && !another && folder.own.length === 0 && only.children.size > 0;
  return isWrapped && only.name.toLowerCase() === folder.name.toLowerCase() ? descendSameName(only) : folder;
}

const classesOf = (folders: readonly Folder[] = []) => new Set(folders.flatMap(({ children }) => [...children.keys()]));

type SplitFolders = Partial<Record<Split, Folder[]>>;

interface SplitParent {
  folder: Folder;
  splits: SplitFolders;
}

/** Finds the folder whose subfolders are the splits: the one nearest to the root. */
function splitParentOf(root: Folder): SplitParent | undefined {
  for (let level = [root]; level.length > 0; level = level.flatMap((folder) => [...folder.children.values()])) {
    const all = level.flatMap((folder): SplitParent[] => {
      const splits = splitsIn(folder);
      return splits ? [{ folder, splits }] : [];
    });
    // Several folders whose splits have a single class each are split within the classes; placeSplitsInClasses handles them.
    const parents = all.length > 1 ? all.filter(({ splits }) => classesOf(splits.train).size > 1) : all;
    if (parents.length > 1) {
      throw new DataError({
        what: 'The folders contain more than one data set',
        found: `splits in ${parents.map(({ folder }) => folder.path).join(', ')}`,
        expected: 'one data set',
        fix: `use only one of them: ${parents[0]!.folder.path}`,
      });
    }
    if (parents[0]) return parents[0];
  }
  return undefined;
}

/** Finds the subfolders named after splits, if the names really denote splits. */
function splitsIn(folder: Folder): SplitFolders | undefined {
  const named = [...folder.children.values()].flatMap((child) => {
    const found = splitOfFolder(child.name);
    return found ? [{ ...found, child }] : [];
  });
  // Classes may also be named train or test_tube. A train folder that is a split contains class folders.
  const training = named.filter(({ split, child }) => split === 'train' && descendSameName(child).children.size > 0);
  for (const rest of new Set(training.map(({ rest }) => rest))) {
    const ofOneKind = named.filter((one) => one.rest === rest);
    const found: SplitFolders = {};
    for (const { split, child } of ofOneKind) found[split] = [...(found[split] ?? []), descendSameName(child)];
    const hasOthers = splits.some((split) => split !== 'train' && found[split]);
    // A train folder without other splits counts only if it has siblings; descend() handles a folder that has none.
    if (hasOthers || (classesOf(found.train).size > 1 && folder.children.size > 1)) return found;
  }
  const held = named.filter(({ split, child, rest }) => split !== 'train' && !rest && child.children.size > 0);
  const isAll = held.length === folder.children.size;
  if (!isAll || new Set(held.map(({ split }) => split)).size < 2) return undefined;
  throw new DataError({
    what: 'The folders of the splits contain no training images',
    found: held.map(({ child }) => child.path).join(', '),
    expected: 'a folder train with a folder for each class in it',
    fix: 'add it, or use only one of these folders: every fifth of its images is then held out for validation',
  });
}

function placeInSplits(root: Folder, { splits: found }: SplitParent): PictureFolders {
  const placed: PlacedPicture[] = [];
  const folders: PictureFolders['folders'] = {};
  const known = classesOf(found.train);
  for (const split of splits) {
    const classes = (found[split] ?? [])
      .flatMap(({ children }) => [...children.values()])
      .filter(({ name }) => known.has(name));
    if (classes.length === 0) continue;
    for (const one of placeClasses(classes, split).placed) placed.push(one);
    folders[split] = found[split]!.map(({ path }) => path);
  }
  const labeled = new Set(placed.map(({ path }) => path));
  const inSplits = Object.values(found).flat();
  const unlabeled = below(root)
    .filter((path) => !labeled.has(path))
    .map((path) => {
      const split = inSplits.find((folder) => isBelow(path, folder));
      if (!split) return { path, reason: 'a picture outside the folders of the splits is not used' };
      if (split.own.includes(path)) return { path, reason: `a picture directly in ${split.path} has no class` };
      return { path, reason: `its folder in ${split.path} is none of the training classes`, isOfOtherClass: true };
    });
  return { placed, folders, unlabeled };
}

function placeClasses(classes: readonly Folder[], split: Split): { placed: PlacedPicture[] } {
  const placed = classes.flatMap((folder) => below(folder).map((path) => ({ path, className: folder.name, split })));
  return { placed };
}

/** Handles fold1/cat, fold2/cat, of which the last one is held out, and part1/cat, part2/cat: each has the same classes. */
function placeFolds({ children, own }: Folder): PictureFolders | undefined {
  const parts = [...children.values()];
  const isFold = parts.every(({ name }) => /^(k?fold)[\W_]*\d+$/i.test(name));
  if (parts.length < 2 || !(isFold || parts.every(({ name }) => /^(part|batch|chunk)[\W_]*\d+$/i.test(name))))
    return undefined;
  const [first, ...rest] = parts.map((part) => [...part.children.keys()].sort().join('\n'));
  if (!first?.includes('\n') || rest.some((names) => names !== first)) return undefined;
  const placed = parts.flatMap((part) => {
    const split = isFold && part === parts.at(-1) ? 'validation' : 'train';
    return placeClasses([...part.children.values()], split).placed;
  });
  const labeled = new Set(placed.map(({ path }) => path));
  const unlabeled = [...own, ...parts.flatMap(below)].filter((path) => !labeled.has(path));
  const paths = parts.map(({ path }) => path);
  return {
    placed,
    folders: isFold ? { train: paths.slice(0, -1), validation: paths.slice(-1) } : { train: paths },
    unlabeled: unlabeled.map((path) => ({ path, reason: 'a picture outside the folders of the classes has no class' })),
  };
}

/** Handles the reversed layout: cat/train, cat/test, dog/train, dog/test. */
function placeSplitsInClasses(
  classes: readonly Folder[],
  unlabeled: PictureFolders['unlabeled'],
): PictureFolders | undefined {
  const placed: PlacedPicture[] = [];
  const folders: PictureFolders['folders'] = {};
  for (const { name, own, children } of classes) {
    if (own.length > 0) return undefined;
    for (const child of children.values()) {
      const found = splitOfFolder(child.name);
      if (!found || found.rest) return undefined;
      for (const path of below(child)) placed.push({ path, className: name, split: found.split });
      folders[found.split] = [...(folders[found.split] ?? []), child.path];
    }
  }
  const isSplit = folders.train && (folders.validation || folders.test);
  return isSplit ? { placed, folders, unlabeled } : undefined;
}
