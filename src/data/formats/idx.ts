import { DataError } from '../../errors.ts';
import type { DatasetParts } from '../dataset.ts';
import { type IdentifiedFile, nameOf } from '../identify.ts';
import { type IdxArray, joinIdx, parseIdx } from '../idx.ts';
import type { UserDataset } from '../reading_report.ts';
import { type Split, splitOfFile } from '../splits.ts';
import { type DataFormat, havePictureClasses, ofKind } from './data_format.ts';
import { assemble, bySplit, bytesOf, type FileReport, haveSameBytes, oneOf, type Read } from './split_files.ts';

/** MNIST's format: a file of images and one of labels for each split. */
export const idxFormat: DataFormat = {
  readable: 'IDX files (train-images-idx3-ubyte and so on)',
  async claim(files, { options }) {
    const idx = ofKind(files, 'idx');
    if (!havePair(idx) && (idx.length === 0 || havePictureClasses(files))) return undefined;
    await requireIdx(files);
    return { files: idx, read: () => readIdxFiles(idx, options.validationSplit) };
  },
};

/** Reads pairs of IDX files, one of images and one of labels for each split. */
async function readIdxFiles(files: readonly IdentifiedFile[], validationSplit?: number): Promise<UserDataset> {
  const report: FileReport = { format: 'IDX', ignored: [], notes: [] };
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
