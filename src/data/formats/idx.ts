import { DataError } from '../../errors.ts';
import type { DatasetParts } from '../dataset.ts';
import { type IdentifiedFile, nameOf } from '../identify.ts';
import { type IdxArray, joinIdx, parseIdx } from '../idx.ts';
import type { UserDataset } from '../reading_report.ts';
import { type Split, splitOfFile } from '../splits.ts';
import type { UserFilesOptions } from '../user_files.ts';
import { type DataFormat, havePictureClasses, ofKind } from './data_format.ts';
import { emnistSet } from './emnist_set.ts';
import type { Numbers } from './image_values.ts';
import { assemble, bySplit, bytesOf, type FileReport, oneOf, type Read } from './split_files.ts';

/** MNIST's format: one file of images and one of labels per split. */
export const idxFormat: DataFormat = {
  readable: 'IDX files (train-images-idx3-ubyte and so on)',
  async claim(files, { options }) {
    const all = ofKind(files, 'idx');
    const { labels: wanted } = options;
    const chosen = wanted ? all.filter(({ path }) => nameOf(path).toLowerCase().includes(wanted.toLowerCase())) : [];
    const idx = chosen.length > 0 ? chosen : all;
    if (!havePair(idx) && (idx.length === 0 || havePictureClasses(files))) return undefined;
    await requireIdx(files);
    requireOneEmnist(idx);
    return { files: idx, read: () => readIdxFiles(idx, options) };
  },
};

/** EMNIST is published as one archive of six data sets. */
function requireOneEmnist(files: readonly IdentifiedFile[]): void {
  const sets = new Set(files.flatMap(({ path }) => emnistSet(path) ?? []));
  if (sets.size < 2) return;
  throw new DataError({
    what: 'The files contain more than one data set of EMNIST',
    found: [...sets].join(', '),
    expected: 'one of them',
    fix: `choose it with --labels ${[...sets][0]} (labels in the library), or give only its files`,
  });
}

/** Labels have one axis; QMNIST's labels have a second one with eight numbers per image. */
const isOfLabels = ({ path, format: { dimensions } }: IdentifiedFile) =>
  dimensions === 1 || (dimensions === 2 && /label/i.test(nameOf(path)));

/** An IDX file of bytes or of another number type. */
type IdxContent = IdxArray | { shape: number[]; data: Numbers };
const unsignedByte = 0x08;

async function contentOf(bytes: Uint8Array, path: string): Promise<IdxContent> {
  if (bytes[2] === unsignedByte || bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0) return parseIdx(bytes, path);
  return (await import('./read_idx_numbers.ts')).parseIdxNumbers(bytes, path);
}

/** Reads pairs of IDX files: one of images and one of labels per split. */
async function readIdxFiles(files: readonly IdentifiedFile[], options: UserFilesOptions): Promise<UserDataset> {
  const report: FileReport = { format: 'IDX', ignored: [], notes: [] };
  const found: Partial<Record<Split, Partial<Record<'images' | 'labels', Read<IdxContent>>>>> = {};
  for (const [split, ofSplit] of bySplit(files)) {
    const labels = ofSplit.filter(isOfLabels);
    const images = ofSplit.filter((file) => !isOfLabels(file));
    found[split] = {};
    for (const [role, candidates] of Object.entries({ images, labels })) {
      if (candidates.length === 0) continue;
      const read = (file: IdentifiedFile) => bytesOf(file, report).then((bytes) => contentOf(bytes, file.path));
      const isSame = (a: IdxContent, b: IdxContent) =>
        String(a.shape) === String(b.shape) && a.data.every((value, i) => value === b.data[i]);
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
      fix: 'add the missing file',
    });
  }
  const pairs = Object.entries(found) as [Split, { images: Read<IdxContent>; labels: Read<IdxContent> }][];
  if (options.stretch || pairs.some(([, { images, labels }]) => !isAsMnist(images, labels))) {
    const { idxNumbersDataset } = await import('./read_idx_numbers.ts');
    const named = ({ path, content }: Read<IdxContent>) => ({ path, ...content });
    const all = pairs.map(([split, { images, labels }]) => [split, { images: named(images), labels: named(labels) }]);
    return idxNumbersDataset(Object.fromEntries(all), report, options);
  }
  const parts: Partial<Record<Split, DatasetParts>> = {};
  const from: Partial<Record<Split, string[]>> = {};
  for (const [split, { images, labels }] of pairs) {
    const paths = { images: images.path, labels: labels.path };
    parts[split] = joinIdx(images.content as IdxArray, labels.content as IdxArray, paths);
    from[split] = [paths.images, paths.labels];
  }
  return assemble(parts, from, report, options.validationSplit);
}

/** Whether both files contain bytes, with one label per image and labels that start at 0, as in MNIST. */
function isAsMnist(images: Read<IdxContent>, labels: Read<IdxContent>): boolean {
  const { data } = labels.content;
  if (emnistSet(images.path) !== undefined || labels.content.shape.length > 1 || images.content.shape.length < 3)
    return false;
  return (
    images.content.data instanceof Uint8Array && data instanceof Uint8Array && (data.includes(0) || data.length === 0)
  );
}

/** Whether any split has both images and labels. */
const havePair = (idx: readonly IdentifiedFile[]) => {
  const splitsOf = (isLabels: boolean) =>
    new Set(idx.filter((file) => isOfLabels(file) === isLabels).map(({ path }) => splitOfFile(path) ?? 'train'));
  const labels = splitsOf(true);
  return [...splitsOf(false)].some((split) => labels.has(split));
};

/** Rejects a file whose name matches the other IDX files but whose content doesn't, rather than ignoring it silently. */
async function requireIdx(files: readonly IdentifiedFile[]): Promise<void> {
  const idx = files.filter(({ format }) => format.kind === 'idx');
  for (const { path, file, format } of files) {
    if (format.kind !== 'other' || !/(images|labels).*idx\d|idx\d.*ubyte/i.test(nameOf(path))) continue;
    const role = /labels/i.test(nameOf(path));
    const isThere = idx.some((other) => isOfLabels(other) === role && splitOfFile(other.path) === splitOfFile(path));
    if (!isThere) await parseIdx(new Uint8Array(await file.slice(0, 64).arrayBuffer()), path);
  }
}
