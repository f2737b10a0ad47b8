import { DataError } from '../../errors.ts';
import { product } from '../../product.ts';
import { foldersOf, nameOf } from '../identify.ts';
import type { UserDataset } from '../reading_report.ts';
import { type Split, splitOfFile } from '../splits.ts';
import type { UserFilesOptions } from '../user_files.ts';
import { type ArrayPair, arrayDataset } from './array_dataset.ts';
import type { Numbers } from './image_values.ts';
import type { FileReport } from './split_files.ts';

/** An array in a file; its name in the file serves as a file name. */
export interface NamedArray {
  path: string;
  shape: readonly number[];
  data: Numbers | string[];
}

type Role = 'images' | 'labels';
const imageWords = /^(x|images?|imgs?|pictures?|data|features|pixels|inputs?)$/;
const labelWords = /^(y|labels?|lbls?|targets?|class(es)?|fine|coarse)$/;

/** If the names are inconclusive, arrays with fewer columns than this are labels and the others are pixels. */
const fewestPixels = 16;

/** Determines the role of an array by its name, or else by its axes. */
function roleOf({ path, shape }: NamedArray): Role | undefined {
  // NumPy names an array saved without a name arr_0; the file name is then more informative.
  const folders = foldersOf(path);
  const names = [nameOf(path), ...(/^arr_\d+/.test(nameOf(path)) ? [folders.at(-1) ?? ''] : [])];
  const tokens = names.flatMap((name) =>
    name
      .replace(/\.\w+$/, '')
      .toLowerCase()
      .split(/[^a-z]+/),
  );
  const byName = tokens.some((token) => labelWords.test(token))
    ? 'labels'
    : tokens.some((token) => imageWords.test(token))
      ? 'images'
      : undefined;
  const [, columns = 1] = shape;
  const byShape = shape.length > 2 ? 'images' : shape.length === 1 || columns < fewestPixels ? 'labels' : 'images';
  if (shape.length === 0) return undefined;
  return byName === 'images' && shape.length === 1
    ? undefined
    : byName === 'labels' && shape.length > 2
      ? 'images'
      : (byName ?? byShape);
}

/**
 * Finds the arrays of images and labels of each split.
 *
 * @throws DataError if the images or the labels of a split are missing or ambiguous.
 */
export function pairArrays(
  arrays: readonly NamedArray[],
  report: FileReport,
  { validationSplit, stretch, labels: wanted }: UserFilesOptions,
): UserDataset {
  const found: Partial<Record<Split, Partial<Record<Role, NamedArray>>>> = {};
  const ignored = [...report.ignored];
  for (const array of arrays) {
    const role = roleOf(array);
    const split = splitOfFile(array.path) ?? 'train';
    if (!role || (role === 'images' && typeof array.data[0] === 'string')) {
      ignored.push({
        path: array.path,
        reason: `an array of ${array.shape.join(' x ') || 'one element'}, neither of images nor of labels`,
      });
      continue;
    }
    found[split] ??= {};
    const ofSplit = found[split];
    const isWanted = ({ path }: NamedArray) =>
      wanted !== undefined && nameOf(path).toLowerCase().includes(wanted.toLowerCase());
    const other = ofSplit[role];
    if (role === 'labels' && other && isWanted(other) !== isWanted(array)) {
      const [kept, left] = isWanted(array) ? [array, other] : [other, array];
      ofSplit.labels = kept;
      ignored.push({ path: left.path, reason: `labels other than ${wanted}` });
      continue;
    }
    if (other) throw severalSets(other, array);
    ofSplit[role] = array;
  }
  const pairs: Partial<Record<Split, ArrayPair>> = {};
  const alone: NamedArray[] = [];
  for (const [split, { images, labels }] of Object.entries(found) as [Split, Partial<Record<Role, NamedArray>>][]) {
    if (images && labels) pairs[split] = { images: images as ArrayPair['images'], labels: labelValues(labels) };
    else alone.push(...[images, labels].filter((it) => it !== undefined));
  }
  if (Object.keys(pairs).length === 0) {
    throw new DataError({
      what: 'Arrays come in pairs, one of images and one of labels',
      found: arrays.length === 0 ? 'no readable array' : arrays.map(describe).join(', '),
      expected: 'x_train and y_train, and x_test and y_test for validation',
      fix: 'add the missing array, with a name that describes it: images or x, labels or y',
    });
  }
  ignored.push(
    ...alone.map((array) => ({
      path: array.path,
      reason: `an array of ${array.shape.join(' x ')} without its counterpart`,
    })),
  );
  return arrayDataset(pairs, { ...report, ignored }, { validationSplit, stretch });
}

const describe = ({ path, shape }: NamedArray) => `${path} of ${shape.join(' x ') || 'one element'}`;

const severalSets = (a: NamedArray, b: NamedArray) =>
  new DataError({
    what: 'The files contain more than one data set',
    found: `${describe(a)} and ${describe(b)}`,
    expected: 'one array of images and one of labels for each split',
    fix: 'use the files of only one data set',
  });

function labelValues({ path, shape, data }: NamedArray) {
  const width = product(shape.slice(1));
  return { path, width: Math.max(1, width), values: data };
}
