import { createDataset, type Dataset } from './dataset.ts';
import type { PlacedFile } from './identify.ts';
import type { ReadingReport } from './reading_report.ts';
import { readUserFiles, type UserFilesOptions } from './user_files.ts';

/** The argument of `readDataset`: files from an input or a drop, Blobs by their paths, or files with their paths. */
export type DatasetFiles = Blob | Iterable<File | PlacedFile> | Readonly<Record<string, Blob>>;

/** A data set read from files, ready for training. */
export interface ReadDataset {
  /** Training images. */
  train: Dataset;
  /** Validation images, if the files have separate validation and test splits. */
  validation?: Dataset;
  /** Test images. Without `validation`, they are used for validation. Empty if nothing is held out. */
  test: Dataset;
  /** Which files became which split, and which were ignored and why. */
  report: ReadingReport;
}

/**
 * Reads a data set from files in any supported format: folders of pictures, pictures with a table of their labels, IDX, CIFAR,
 * NumPy, CSV, Parquet and MATLAB files, and archives of them (docs/data.md). Pictures require a browser, which decodes them; all
 * other formats can also be read in Node.
 *
 * @param files those of `<input type="file" webkitdirectory>`, a single file or archive, or Blobs by their paths.
 * @param options those of `readUserFiles`: `size` in pixels, `fit`, `validationSplit` (0.2), `labels`, `stretch` (false),
 *   `onProgress`, `signal`, `streamAbove`.
 * @throws ConfigurationError for an option that is out of range.
 * @throws DataError if the files contain no data set or are damaged, with what was found and which formats can be read.
 */
export async function readDataset(files: DatasetFiles, options: UserFilesOptions = {}): Promise<ReadDataset> {
  const { train, validation, test, report } = await readUserFiles(placedFiles(files), options);
  const created = createDataset(train);
  // All parts use the classes of the training images.
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
