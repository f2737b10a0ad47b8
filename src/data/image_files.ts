import { DataError } from '../errors.ts';
import { count } from '../figures.ts';
import { parseCifar10Parts } from './cifar.ts';
import type { DatasetParts } from './dataset.ts';
import { unpackGzip } from './gunzip.ts';
import { holdOutOf } from './held_out.ts';
import { foldersOf, type IdentifiedFile, nameOf } from './identify.ts';
import { type IdxArray, joinIdx, parseIdx } from './idx.ts';
import type { IgnoredFile, ReadingReport, SplitReport, UserDataset } from './reading_report.ts';
import { type Split, splitOfFile, splits } from './splits.ts';

type ImageFileReport = Omit<ReadingReport, 'splits'>;

/** A file that was read, and what it holds. */
interface Read<Content> {
  path: string;
  content: Content;
}

/** Reads pairs of IDX files, one of images and one of labels for each split. */
export async function readIdxFiles(files: readonly IdentifiedFile[], validationSplit?: number): Promise<UserDataset> {
  const report: ImageFileReport = { format: 'IDX', ignored: [], notes: [] };
  const found: Partial<Record<Split, Partial<Record<'images' | 'labels', Read<IdxArray>>>>> = {};
  for (const [split, ofSplit] of bySplit(files)) {
    const labels = ofSplit.filter(({ format }) => format.dimensions === 1);
    const images = ofSplit.filter(({ format }) => format.dimensions !== 1);
    found[split] = {};
    for (const [role, candidates] of Object.entries({ images, labels })) {
      if (candidates.length === 0) continue;
      const read = (file: IdentifiedFile) => bytesOf(file, report).then((bytes) => parseIdx(bytes, file.path));
      const isSame = (a: IdxArray, b: IdxArray) => String(a.shape) === String(b.shape) && haveSameBytes(a.data, b.data);
      found[split][role as 'images' | 'labels'] = await oneOf(candidates, read, isSame, report);
    }
  }
  const incomplete = Object.values(found).some(({ images, labels }) => !images || !labels);
  if (incomplete) {
    const read = Object.values(found).flatMap(({ images, labels }) =>
      [images, labels].filter((it) => it !== undefined),
    );
    throw new DataError({
      what: 'IDX files come in pairs, one of images and one of labels',
      found: [
        ...read.map(({ path, content }) => `${path} of ${content.shape.join(' x ')}`),
        ...report.ignored.map(({ path, reason }) => `${path}, left out: ${reason}`),
      ].join(', '),
      expected: 'train-images-idx3-ubyte and train-labels-idx1-ubyte, and the two of t10k for validation',
      fix: 'give the missing file too',
    });
  }
  const parts: Partial<Record<Split, DatasetParts>> = {};
  const from: Partial<Record<Split, string[]>> = {};
  for (const [split, pair] of Object.entries(found) as [Split, Required<(typeof found)[Split] & object>][]) {
    const paths = { images: pair.images!.path, labels: pair.labels!.path };
    parts[split] = joinIdx(pair.images!.content, pair.labels!.content, paths);
    from[split] = [paths.images, paths.labels];
  }
  return assemble(parts, from, report, validationSplit);
}

/** Reads batches of CIFAR-10's binary version. */
export async function readCifarFiles(files: readonly IdentifiedFile[], validationSplit?: number): Promise<UserDataset> {
  const report: ImageFileReport = { format: 'CIFAR-10', ignored: [], notes: [] };
  const parts: Partial<Record<Split, DatasetParts>> = {};
  const from: Partial<Record<Split, string[]>> = {};
  for (const [split, ofSplit] of bySplit(files)) {
    const batches: Read<Uint8Array>[] = [];
    const byName = new Map<string, IdentifiedFile[]>();
    for (const file of ofSplit) byName.set(plainName(file), [...(byName.get(plainName(file)) ?? []), file]);
    for (const candidates of byName.values()) {
      batches.push(await oneOf(candidates, (file) => bytesOf(file, report), haveSameBytes, report));
    }
    from[split] = batches.map(({ path }) => path);
    parts[split] = parseCifar10Parts(
      batches.map(({ content }) => content),
      from[split],
    );
  }
  return assemble(parts, from, report, validationSplit);
}

/** In the order of the splits; a file whose name has no split is for training. */
function bySplit(files: readonly IdentifiedFile[]): [Split, IdentifiedFile[]][] {
  return splits
    .map((split): [Split, IdentifiedFile[]] => [
      split,
      files.filter(({ path }) => (splitOfFile(path) ?? 'train') === split),
    ])
    .filter(([, files]) => files.length > 0);
}

const plainName = ({ path }: IdentifiedFile) => nameOf(path).replace(/\.gz$/i, '').toLowerCase();

async function bytesOf({ path, file, format }: IdentifiedFile, report: ImageFileReport): Promise<Uint8Array> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (!format.gzip) return bytes;
  const { data, trailing } = await unpackGzip(bytes, path);
  if (trailing > 0) report.notes.push(`${path}: ${count(trailing)} bytes after the end of the gzip data were ignored`);
  return data;
}

/**
 * Reads one of several files for the same thing: a file that is not packed before one that is, and one in fewer folders before
 * others. What else there is must be the same.
 *
 * @throws DataError where they differ, and where none can be read.
 */
async function oneOf<Content>(
  candidates: readonly IdentifiedFile[],
  read: (file: IdentifiedFile) => Promise<Content>,
  isSame: (a: Content, b: Content) => boolean,
  report: ImageFileReport,
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
      report.notes.push(`${used.path} was used, and not ${file.path}, which has the same content`);
    } else {
      throw new DataError({
        what: 'The files hold more than one data set',
        found: `${used.path} and ${file.path}, which differ`,
        expected: 'one file of images and one of labels for each split',
        fix: 'give the files of one data set alone',
      });
    }
  }
  if (!used) throw failure;
  report.ignored.push(...failed);
  return used;
}

function haveSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** Puts the splits together: where files have one split alone, part of it is held out. */
function assemble(
  parts: Partial<Record<Split, DatasetParts>>,
  from: Partial<Record<Split, string[]>>,
  report: ImageFileReport,
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
      expected: 'files with train in their names, too',
      fix: 'add them, or give one of these splits alone: every fifth of its images is then held out for validation',
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
