import { count, counted } from '../figures.ts';
import type { DatasetParts, TrainAndTestParts } from './dataset.ts';
import type { Split } from './splits.ts';

/** Report on how a user's files were read. */
export interface ReadingReport {
  /** Format of the files. */
  format: 'pictures' | 'IDX' | 'CIFAR-10' | 'CIFAR-100' | 'NumPy' | 'CSV' | 'Parquet' | 'MATLAB';
  /** Splits, and the files that they were read from. */
  splits: SplitReport[];
  /** Files that are not in the data set, with the reason. */
  ignored: IgnoredFile[];
  /** Sizes of the pictures in pixels, the most common first. */
  sizes?: PictureSize[];
  /** Decisions that were made while reading, such as the image size or which of two identical files was used. */
  notes: string[];
}

/** One split of the data and its origin. */
export interface SplitReport {
  /** `'train'`, `'validation'` or `'test'`. */
  split: Split;
  /** Number of images. */
  images: number;
  /** The folders or files that it was read from. */
  from: string[];
  /** How the split was held out of the training images, if no folder or file provides it. */
  heldOut?: string;
}

/** A file that is not part of the data set. */
export interface IgnoredFile {
  /** Path relative to the folder that the user chose. */
  path: string;
  /** Reason, as readable text. */
  reason: string;
}

/** Number of pictures of one size. */
export interface PictureSize {
  /** Width in pixels. */
  width: number;
  /** Height in pixels. */
  height: number;
  /** Number of pictures. */
  count: number;
}

/** A data set read from a user's files. */
export interface UserDataset extends TrainAndTestParts {
  /**
   * Validation data, if the files have separate validation and test splits; `test` is then evaluated only at the end. Without it,
   * `test` is the validation data.
   */
  validation?: DatasetParts;
  /** How the files were read. */
  report: ReadingReport;
}

/** The two parts that training uses, with the validation images as `test`. */
export const trainingParts = ({ train, validation, test }: UserDataset): TrainAndTestParts => ({
  train,
  test: validation ?? test,
});

const names: Record<Split, string> = { train: 'training', validation: 'validation', test: 'test' };
const most = 3;

/** The report as lines of text, without the ignored files. */
export function describeReading({ splits, sizes, notes }: ReadingReport): string[] {
  const hasBoth = splits.some(({ split }) => split === 'validation') && splits.some(({ split }) => split === 'test');
  const lines = splits.map(({ split, images, from, heldOut }) => {
    const use = split !== 'test' ? '' : hasBoth ? ', kept aside: training does not use it' : ', used for validation';
    return `${names[split]}: ${counted(images, 'image')} ${heldOut ?? `from ${some(from)}`}${use}`;
  });
  const sized = sizes?.map(({ width, height, count: n }) => `${width} × ${height} (${count(n)})`);
  return [...lines, ...(sized ? [`sizes of the pictures, width × height: ${some(sized, 5)}`] : []), ...notes];
}

/** Ignored files grouped by reason; hidden and system files come last. */
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

/** The first few entries of a list, and the number of the others. */
export function some(list: readonly string[], shown: number = most): string {
  const rest = list.length - shown;
  return rest > 0 ? `${list.slice(0, shown).join(', ')} and ${count(rest)} more` : list.join(', ');
}
