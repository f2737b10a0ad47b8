import { DataError } from '../errors.ts';
import { product } from '../product.ts';
import { createDataset, type Dataset, type DatasetParts } from './dataset.ts';
import { gunzip } from './gunzip.ts';
import { isGzip } from './gzip_format.ts';

// IDX, the format of MNIST (https://yann.lecun.com/exdb/mnist): two zero bytes, the element type, the number of dimensions, each
// dimension as a big-endian 32-bit number, then the elements, last dimension innermost.

const unsignedByte = 0x08;

/** The array in an IDX file. */
export interface IdxArray {
  /** Length of each axis. */
  shape: number[];
  /** The elements; a view of the file's bytes if the file was not compressed. */
  data: Uint8Array;
}

/**
 * Parses an IDX file of unsigned bytes, plain or gzip. Throws a DataError, with `name` for the file, for another magic number,
 * another element type, or a length that differs from the header's.
 */
export async function parseIdx(file: Uint8Array, name = 'The file'): Promise<IdxArray> {
  const bytes = isGzip(file) ? await gunzip(file, name) : file;
  const dimensions = bytes[3] ?? 0;
  const header = 4 + 4 * dimensions;
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== unsignedByte || dimensions === 0) {
    throw new DataError({
      what: `${name} does not begin as an IDX file of bytes`,
      found: bytes.length < 4 ? `${bytes.length} bytes` : `magic number ${magicOf(bytes)}`,
      expected: 'magic number 0x00000801 for labels, 0x00000803 for images',
      fix: 'use the published file, plain or as .gz',
    });
  }
  if (bytes.length < header) throw cutShort(name, bytes.length, `${header} bytes of header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, header);
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const expected = header + product(shape);
  const says = `${expected} bytes, because its header has the shape ${shape.join(' x ')}`;
  if (bytes.length < expected) throw cutShort(name, bytes.length, says);
  if (bytes.length > expected) {
    throw new DataError({
      what: `${name} is longer than its header allows`,
      found: `${bytes.length} bytes`,
      expected: says,
    });
  }
  return { shape, data: bytes.subarray(header) };
}

/** The files that `parseIdxDataset` reads. */
export interface IdxDatasetFiles {
  /** Image file, [count, height, width] or [count, height, width, channels]. */
  images: Uint8Array;
  /** Label file, [count]. */
  labels: Uint8Array;
  /** Class names. Default: "0" up to the largest label. */
  classNames?: readonly string[];
  /** Names of the two files for error messages. */
  names?: { images: string; labels: string };
}

/**
 * Parses a data set from a pair of IDX files: images [count, height, width] or [count, height, width, channels], labels [count].
 */
export async function parseIdxDataset(files: IdxDatasetFiles): Promise<Dataset> {
  return createDataset(await parseIdxParts(files));
}

/** Like parseIdxDataset, but without validating the labels, as inspectDatasets and cleanDatasets require. */
export async function parseIdxParts({ images, labels, classNames, names }: IdxDatasetFiles): Promise<DatasetParts> {
  const imagesName = names?.images ?? 'The file of images';
  const labelsName = names?.labels ?? 'The file of labels';
  const [pictures, classes] = await Promise.all([parseIdx(images, imagesName), parseIdx(labels, labelsName)]);
  return joinIdx(pictures, classes, { images: imagesName, labels: labelsName }, classNames);
}

/** Combines an array of images and an array of labels. Throws a DataError if they don't match. */
export function joinIdx(
  pictures: IdxArray,
  classes: IdxArray,
  { images: imagesName, labels: labelsName }: { images: string; labels: string },
  classNames?: readonly string[],
): DatasetParts {
  const dimensions = pictures.shape.length;
  if (dimensions !== 3 && dimensions !== 4) {
    throw wrongDimensions(imagesName, dimensions, '3 (count, height, width) or 4 (and channels)');
  }
  if (classes.shape.length !== 1) throw wrongDimensions(labelsName, classes.shape.length, '1 (count)');
  const [count, height, width, channels = 1] = pictures.shape;
  if (classes.shape[0] !== count) {
    throw new DataError({
      what: `${labelsName} and ${imagesName} differ in their number of labels and images`,
      found: `${classes.shape[0]} labels`,
      expected: `${count}, one for each image`,
      fix: 'use the two files of the same split',
    });
  }
  return { images: pictures.data, labels: classes.data, imageShape: [height!, width!, channels], classNames };
}

const magicOf = (bytes: Uint8Array) =>
  `0x${Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;

const cutShort = (name: string, found: number, expected: string) =>
  new DataError({ what: `${name} is truncated`, found: `${found} bytes`, expected, fix: 'download the file again' });

const wrongDimensions = (name: string, found: number, expected: string) =>
  new DataError({
    what: `${name} has the wrong number of dimensions`,
    found,
    expected,
    fix: 'check whether images and labels were swapped',
  });
