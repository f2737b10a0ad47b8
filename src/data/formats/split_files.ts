import { DataError } from '../../errors.ts';
import { count } from '../../figures.ts';
import type { DatasetParts } from '../dataset.ts';
import { unpackGzip } from '../gunzip.ts';
import { holdOutOf } from '../held_out.ts';
import { foldersOf, type IdentifiedFile, nameOf } from '../identify.ts';
import type { IgnoredFile, ReadingReport, SplitReport, UserDataset } from '../reading_report.ts';
import { type Split, splitOfFile, splits } from '../splits.ts';

/** The report before the splits are known. */
export type FileReport = Omit<ReadingReport, 'splits'>;

/** A file with its parsed content. */
export interface Read<Content> {
  path: string;
  content: Content;
}

/** Groups files by split, in the order of the splits; a file whose name contains no split is for training. */
export function bySplit(files: readonly IdentifiedFile[]): [Split, IdentifiedFile[]][] {
  return splits
    .map((split): [Split, IdentifiedFile[]] => [
      split,
      files.filter(({ path }) => (splitOfFile(path) ?? 'train') === split),
    ])
    .filter(([, files]) => files.length > 0);
}

export const plainName = ({ path }: IdentifiedFile) => nameOf(path).replace(/\.gz$/i, '').toLowerCase();

export async function bytesOf({ path, file, format }: IdentifiedFile, report: FileReport): Promise<Uint8Array> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (!format.gzip) return bytes;
  const { data, trailing } = await unpackGzip(bytes, path);
  if (trailing > 0) report.notes.push(`${path}: ${count(trailing)} bytes after the end of the gzip data were ignored`);
  return data;
}

/**
 * Reads one of several copies of the same data. Uncompressed files take precedence over compressed ones, and files in fewer folders
 * over deeper ones. The other copies must be identical.
 *
 * @throws DataError if the copies differ, and if none can be read.
 */
export async function oneOf<Content>(
  candidates: readonly IdentifiedFile[],
  read: (file: IdentifiedFile) => Promise<Content>,
  isSame: (a: Content, b: Content) => boolean,
  report: FileReport,
): Promise<Read<Content>> {
  const depth = ({ path }: IdentifiedFile) => foldersOf(path).length;
  const isPacked = ({ format }: IdentifiedFile) => (format.gzip ? 1 : 0);
  const sorted = [...candidates].sort((a, b) => isPacked(a) - isPacked(b) || depth(a) - depth(b));
  let used: Read<Content> | undefined;
  let failure: unknown;
  const failed: IgnoredFile[] = [];
  for (const file of sorted) {
    let content: Content;
    try {
      content = await read(file);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      failure ??= error;
      failed.push({ path: file.path, reason: error.parts.what });
      continue;
    }
    if (!used) {
      used = { path: file.path, content };
    } else if (isSame(used.content, content)) {
      report.ignored.push({ path: file.path, reason: `it has the same content as ${used.path}, which was used` });
      report.notes.push(`${used.path} was used instead of ${file.path}, which has the same content`);
    } else {
      throw new DataError({
        what: 'The files contain more than one data set',
        found: `${used.path} and ${file.path}, which differ`,
        expected: 'one file of images and one of labels for each split',
        fix: 'use the files of only one data set',
      });
    }
  }
  if (!used) throw failure;
  report.ignored.push(...failed);
  return used;
}

export function haveSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** Assembles the splits. If there is only one, part of it is held out. */
export function assemble(
  parts: Partial<Record<Split, DatasetParts>>,
  from: Partial<Record<Split, string[]>>,
  report: FileReport,
  validationSplit?: number,
): UserDataset {
  const found = splits.filter((split) => parts[split]);
  if (found.length === 1) {
    const only = found[0]!;
    const { train, test, heldOut } = holdOutOf(parts[only]!, validationSplit);
    return { train, test, report: { ...report, splits: heldOutSplits(train, test, from[only]!, heldOut) } };
  }
  if (!parts.train) {
    throw new DataError({
      what: 'There are no training images among the files',
      found: found.flatMap((split) => from[split]!).join(', '),
      expected: 'files with train in their names as well',
      fix: 'add them, or use only one of these splits: every fifth of its images is then held out for validation',
    });
  }
  const { train, validation, test } = parts;
  const about = found.map((split): SplitReport => ({ split, images: parts[split]!.labels.length, from: from[split]! }));
  return {
    train,
    test: (test ?? validation)!,
    ...(test && validation && { validation }),
    report: { ...report, splits: about },
  };
}

export function heldOutSplits(
  train: DatasetParts,
  test: DatasetParts,
  from: string[],
  heldOut: string | undefined,
): SplitReport[] {
  const training: SplitReport = { split: 'train', images: train.labels.length, from };
  const held: SplitReport = { split: 'validation', images: test.labels.length, from: [], heldOut };
  return heldOut ? [training, held] : [training];
}
