import { DataError } from '../errors.ts';
import { foldersOf } from './identify.ts';
import { type Split, splitOfFolder, splits } from './splits.ts';

/** The class and the split of a picture, by its folders. */
export interface PlacedPicture {
  path: string;
  className: string;
  split: Split;
}

/** Each class once, in the order of the pictures. */
export const classNamesOf = (pictures: readonly PlacedPicture[]): string[] => [
  ...new Set(pictures.map(({ className }) => className)),
];

export interface PictureFolders {
  /** In the order of the paths. */
  placed: PlacedPicture[];
  /** The folders of each split; empty where no folder is named after a split. */
  folders: Partial<Record<Split, string[]>>;
  /** Pictures without a class. */
  unlabeled: { path: string; reason: string }[];
}

/** A folder with the pictures below it. */
interface Folder {
  path: string;
  name: string;
  children: Map<string, Folder>;
  /** Pictures that lie in it directly. */
  own: string[];
}

/**
 * Finds the classes and the splits of pictures in folders, as Keras and torchvision do: the class is the first folder below
 * the split, and below the folder that holds everything where there are no splits. Pictures that lie in no such folder are
 * unlabeled.
 *
 * @throws DataError where folders of several data sets, or of no training split, are found.
 */
export function placePictures(paths: readonly string[]): PictureFolders {
  const root = treeOf(paths);
  const parent = splitParentOf(root);
  if (parent) return placeInSplits(root, parent);
  const top = descend(root);
  const classes = [...top.children.values()];
  const labeled = new Set(classes.flatMap(below));
  const unlabeled = below(root)
    .filter((path) => !labeled.has(path))
    .map((path) => ({ path, reason: 'a picture outside the folders of the classes has no class' }));
  return placeSplitsInClasses(classes, unlabeled) ?? { ...placeClasses(classes, 'train'), folders: {}, unlabeled };
}

function treeOf(paths: readonly string[]): Folder {
  const root: Folder = { path: '', name: '', children: new Map(), own: [] };
  for (const path of paths) {
    let folder = root;
    for (const name of foldersOf(path)) {
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

/** Goes down through folders that contain only one folder; a picture next to that one has no class. */
function descend(folder: Folder): Folder {
  const [only, another] = folder.children.values();
  return only && !another && only.children.size > 0 ? descend(only) : folder;
}

/** Archives often hold a folder in a folder of the same name. */
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

/** The folder whose folders are the splits: the one nearest to the root. */
function splitParentOf(root: Folder): SplitParent | undefined {
  for (let level = [root]; level.length > 0; level = level.flatMap((folder) => [...folder.children.values()])) {
    const all = level.flatMap((folder): SplitParent[] => {
      const splits = splitsIn(folder);
      return splits ? [{ folder, splits }] : [];
    });
    // Splits of one class, in several folders, are those of each class: placeSplitsInClasses looks for them.
    const parents = all.length > 1 ? all.filter(({ splits }) => classesOf(splits.train).size > 1) : all;
    if (parents.length > 1) {
      throw new DataError({
        what: 'The folders hold more than one data set',
        found: `splits in ${parents.map(({ folder }) => folder.path).join(', ')}`,
        expected: 'one data set',
        fix: `give one of them alone: ${parents[0]!.folder.path}`,
      });
    }
    if (parents[0]) return parents[0];
  }
  return undefined;
}

/** The folders in a folder that are named after splits, where that is what their names mean. */
function splitsIn(folder: Folder): SplitFolders | undefined {
  const named = [...folder.children.values()].flatMap((child) => {
    const found = splitOfFolder(child.name);
    return found ? [{ ...found, child }] : [];
  });
  // Classes may be called train or test_tube. As a split, train has folders of classes in it.
  const training = named.filter(({ split, child }) => split === 'train' && descendSameName(child).children.size > 0);
  for (const rest of new Set(training.map(({ rest }) => rest))) {
    const ofOneKind = named.filter((one) => one.rest === rest);
    const found: SplitFolders = {};
    for (const { split, child } of ofOneKind) found[split] = [...(found[split] ?? []), descendSameName(child)];
    const hasOthers = splits.some((split) => split !== 'train' && found[split]);
    // A train folder without another split counts only if it has siblings; descend() handles a folder that is all there is.
    if (hasOthers || (classesOf(found.train).size > 1 && folder.children.size > 1)) return found;
  }
  const held = named.filter(({ split, child, rest }) => split !== 'train' && !rest && child.children.size > 0);
  const isAll = held.length === folder.children.size;
  if (!isAll || new Set(held.map(({ split }) => split)).size < 2) return undefined;
  throw new DataError({
    what: 'The folders of the splits hold no training images',
    found: held.map(({ child }) => child.path).join(', '),
    expected: 'a folder train with a folder for each class in it',
    fix: 'add it, or give one of these folders alone: every fifth of its images is then held out for validation',
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
      const reason = !split
        ? 'a picture outside the folders of the splits is not used'
        : split.own.includes(path)
          ? `a picture directly in ${split.path} has no class`
          : `its folder in ${split.path} is none of the training classes`;
      return { path, reason };
    });
  return { placed, folders, unlabeled };
}

function placeClasses(classes: readonly Folder[], split: Split): { placed: PlacedPicture[] } {
  const placed = classes.flatMap((folder) => below(folder).map((path) => ({ path, className: folder.name, split })));
  return { placed };
}

/** Some have it the other way round: cat/train, cat/test, dog/train, dog/test. */
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
