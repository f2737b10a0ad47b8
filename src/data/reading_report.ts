import { count, counted } from '../figures.ts';
import type { DatasetParts, TrainAndTestParts } from './dataset.ts';
import type { Split } from './splits.ts';

/** How a user's files were read. */
export interface ReadingReport {
  /** What the files are. */
  format: 'pictures' | 'IDX' | 'CIFAR-10' | 'CIFAR-100' | 'NumPy' | 'CSV' | 'Parquet' | 'MATLAB';
  /** Which files became which split. */
  splits: SplitReport[];
  /** Files that are not in the data set, and why. */
  ignored: IgnoredFile[];
  /** Sizes of the pictures in pixels, the most common first. */
  sizes?: PictureSize[];
  /** Decisions on the way: the size of the images, which of two equal files was used. */
  notes: string[];
}

/** One split of the data, and where it comes from. */
export interface SplitReport {
  /** `'train'`, `'validation'` or `'test'`. */
  split: Split;
  /** Number of images. */
  images: number;
  /** The folders or files that it was read from. */
  from: string[];
  /** How it was taken out of the training images, where no folder or file has it. */
  heldOut?: string;
}

/** A file that is not part of the data set. */
export interface IgnoredFile {
  /** Below the folder that the user chose. */
  path: string;
  /** Why it is not, in words. */
  reason: string;
}

/** How many pictures have a size. */
export interface PictureSize {
  /** Pixels. */
  width: number;
  /** Pixels. */
  height: number;
  /** Number of pictures. */
  count: number;
}

/** The data that was read from a user's files. */
export interface UserDataset extends TrainAndTestParts {
  /**
   * The validation data, where the files have a split for validation and one for testing; `test` is then only evaluated at the
   * end. Without it, `test` is the validation data.
   */
  validation?: DatasetParts;
  /** How the files were read. */
  report: ReadingReport;
}

/** The two parts that training takes: `test` has the validation images. */
export const trainingParts = ({ train, validation, test }: UserDataset): TrainAndTestParts => ({
  train,
  test: validation ?? test,
});

const names: Record<Split, string> = { train: 'training', validation: 'validation', test: 'test' };
const most = 3;

/** The report in lines of text, without what was ignored. */
export function describeReading({ splits, sizes, notes }: ReadingReport): string[] {
  const hasBoth = splits.some(({ split }) => split === 'validation') && splits.some(({ split }) => split === 'test');
  const lines = splits.map(({ split, images, from, heldOut }) => {
    const use = split !== 'test' ? '' : hasBoth ? ', kept aside: training does not use it' : ', used for validation';
    return `${names[split]}: ${counted(images, 'image')} ${heldOut ?? `from ${some(from)}`}${use}`;
  });
  const sized = sizes?.map(({ width, height, count: n }) => `${width} × ${height} (${count(n)})`);
  return [...lines, ...(sized ? [`sizes of the pictures, width × height: ${some(sized, 5)}`] : []), ...notes];
}

/** Ignored files by their reasons: hidden and system files come last. */
export function describeIgnored(ignored: readonly IgnoredFile[]): IgnoredFile[] {
  const groups = new Map<string, IgnoredFile[]>();
  for (const one of ignored) {
    const group = groups.get(one.reason);
    if (group) group.push(one);
    else groups.set(one.reason, [one]);
  }
  const isSystem = (reason: string) => (reason === systemReason ? 1 : 0);
  return [...groups]
    .sort(([a], [b]) => isSystem(a) - isSystem(b))
    .map(([reason, files]) => ({
      path: some(
        files.map(({ path }) => path),
        most,
      ),
      reason,
    }));
}

export const systemReason = 'hidden or system file';

/** The first few of a list, and how many more there are. */
export function some(list: readonly string[], shown: number = most): string {
  const rest = list.length - shown;
  return rest > 0 ? `${list.slice(0, shown).join(', ')} and ${count(rest)} more` : list.join(', ');
}
