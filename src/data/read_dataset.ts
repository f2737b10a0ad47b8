import { createDataset, type Dataset } from './dataset.ts';
import type { PlacedFile } from './identify.ts';
import type { ReadingReport } from './reading_report.ts';
import { readUserFiles, type UserFilesOptions } from './user_files.ts';

/** What `readDataset` takes: files of an input or of a drop, Blobs by their paths, or files with their paths. */
export type DatasetFiles = Blob | Iterable<File | PlacedFile> | Readonly<Record<string, Blob>>;

/** A data set that was read from files, ready to be trained with. */
export interface ReadDataset {
  /** The images to train with. */
  train: Dataset;
  /** The images to validate with, where the files have a split for validation and one for testing. */
  validation?: Dataset;
  /** The test images; the ones to validate with where there is no `validation`. Empty where nothing is held out. */
  test: Dataset;
  /** Which files became which split, what was left out and why. */
  report: ReadingReport;
}

/**
 * Reads a data set from files in any of the formats that wgrad reads: folders of pictures, pictures with a table of their labels, IDX,
 * CIFAR, NumPy, CSV, Parquet and MATLAB files, and archives of them (docs/data.md). Pictures take a browser, which decodes them; all
 * else is also read in Node.
 *
 * @param files those of `<input type="file" webkitdirectory>`, one file or archive, or Blobs by their paths.
 * @param options what `readUserFiles` takes: `size` in pixels, `fit`, `validationSplit` (0.2), `labels`, `stretch` (false), `onProgress`,
 *   `signal`, `streamAbove`.
 * @throws ConfigurationError for an option that is out of range.
 * @throws DataError where the files hold no data set, or are damaged, with what was found and what can be read instead.
 */
export async function readDataset(files: DatasetFiles, options: UserFilesOptions = {}): Promise<ReadDataset> {
  const { train, validation, test, report } = await readUserFiles(placedFiles(files), options);
  const created = createDataset(train);
  // The classes are those of the training images.
  const { classNames, targetNames } = created;
  const names = { ...(classNames.length > 0 && { classNames }), ...(targetNames && { targetNames }) };
  const other = (parts: typeof test) =>
    parts.labels.length > 0 ? createDataset({ ...parts, ...names }) : emptyLike(created);
  return { train: created, test: other(test), ...(validation && { validation: other(validation) }), report };
}

const emptyLike = ({ targets, sampleWeights: _, ...dataset }: Dataset): Dataset => ({
  ...dataset,
  images: new Uint8Array(),
  labels: new Uint8Array(),
  count: 0,
  ...(targets && { targets: new Float32Array() }),
});

function placedFiles(files: DatasetFiles): PlacedFile[] {
  if (files instanceof Blob) return [placed(files as File)];
  if (Symbol.iterator in files) {
    return Array.from(files as Iterable<File | PlacedFile>, (file) =>
      file instanceof Blob ? placed(file as File) : file,
    );
  }
  return Object.entries(files).map(([path, file]) => ({ path, file }));
}

const placed = (file: File): PlacedFile => ({ path: file.webkitRelativePath || file.name || 'file', file });
