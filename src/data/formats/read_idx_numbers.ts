import { DataError } from '../../errors.ts';
import { product } from '../../product.ts';
import type { UserDataset } from '../reading_report.ts';
import type { Split } from '../splits.ts';
import type { UserFilesOptions } from '../user_files.ts';
import { type ArrayPair, arrayDataset } from './array_dataset.ts';
import { emnistSet } from './emnist_set.ts';
import type { Numbers } from './image_values.ts';
import type { FileReport } from './split_files.ts';

/** An IDX file of any number type. */
export interface IdxNumbers {
  path: string;
  shape: number[];
  data: Numbers;
}

type Reader = (view: DataView, at: number) => number;
const types: Readonly<Record<number, [bytes: number, new (length: number) => Numbers, Reader]>> = {
  8: [1, Uint8Array, (view, at) => view.getUint8(at)],
  9: [1, Int8Array, (view, at) => view.getInt8(at)],
  11: [2, Int16Array, (view, at) => view.getInt16(at)],
  12: [4, Int32Array, (view, at) => view.getInt32(at)],
  13: [4, Float32Array, (view, at) => view.getFloat32(at)],
  14: [8, Float64Array, (view, at) => view.getFloat64(at)],
};

/** @throws DataError for an unknown number type, and if the length differs from the header's. */
export function parseIdxNumbers(bytes: Uint8Array, path: string): IdxNumbers {
  const dimensions = bytes[3] ?? 0;
  const type = types[bytes[2] ?? 0];
  const header = 4 + 4 * dimensions;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = bytes.length >= header ? Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i)) : [];
  const count = product(shape);
  if (!type || dimensions === 0 || bytes.length !== header + count * type[0]) {
    throw new DataError({
      what: `${path} is not a whole IDX file`,
      found: `${bytes.length} bytes`,
      expected: type
        ? `${header + count * type[0]} bytes, because its header has the shape ${shape.join(' x ')}`
        : 'a type of IDX',
      fix: 'download the file again',
    });
  }
  const [size, Type, read] = type;
  const data = new Type(count);
  for (let i = 0; i < count; i++) data[i] = read(view, header + i * size);
  return { path, shape, data };
}

const digits = '0123456789';
const capitals = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** Classes of the EMNIST sets, in the order of mapping.txt; letters that look alike in both cases are merged. */
const emnistClasses: Readonly<Record<string, string>> = {
  byclass: `${digits}${capitals}${capitals.toLowerCase()}`,
  bymerge: `${digits}${capitals}abdefghnqrt`,
  balanced: `${digits}${capitals}abdefghnqrt`,
  letters: capitals,
  digits,
  mnist: digits,
};

export interface IdxPair {
  images: IdxNumbers;
  labels: IdxNumbers;
}

/**
 * Handles pairs that differ from MNIST's: numbers that are not bytes, several numbers per label, EMNIST's transposed images, and
 * labels that start at 1.
 */
export function idxNumbersDataset(
  found: Partial<Record<Split, IdxPair>>,
  report: FileReport,
  options: UserFilesOptions,
): UserDataset {
  const pairs: Partial<Record<Split, ArrayPair>> = {};
  let names: string[] | undefined;
  for (const [split, { images, labels }] of Object.entries(found) as [Split, IdxPair][]) {
    const set = emnistSet(images.path);
    const classes = set && emnistClasses[set];
    if (classes) names ??= [...classes];
    if (classes) report.notes.push(`${images.path}: turned upright, because EMNIST has rows as columns`);
    const [count = 0, width = 1] = labels.shape;
    // QMNIST's labels begin with the class, followed by the writer and other metadata.
    const isQmnist = width === 8 && labels.data instanceof Int32Array;
    if (isQmnist) report.notes.push(`${labels.path}: the first of ${width} numbers of each image is its class`);
    pairs[split] = {
      images: classes ? { ...images, data: turned(images) } : images,
      labels: isQmnist
        ? { path: labels.path, width: 1, values: Array.from({ length: count }, (_, i) => labels.data[i * width]!) }
        : { path: labels.path, width, values: set === 'letters' ? fromZero(labels.data) : labels.data },
    };
  }
  return arrayDataset(pairs, report, { ...options, ...(names && { names }) });
}

/** Labels of EMNIST letters start at 1. */
const fromZero = (labels: Numbers): Numbers => (labels.includes(0) ? labels : labels.map((label) => label - 1));

function turned({ shape, data }: IdxNumbers): Numbers {
  const [count = 0, height = 0, width = 0] = shape;
  if (shape.length !== 3 || height !== width) return data;
  const upright = data.slice();
  for (let image = 0; image < count; image++) {
    const from = image * height * width;
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) upright[from + y * width + x] = data[from + x * width + y]!;
  }
  return upright;
}
