import { DataError } from '../errors.ts';

/** Height, width, channels. */
export type ImageShape = [height: number, width: number, channels: number];

/** Images and labels as bytes: what is uploaded once, and warped, decoded and scaled on the GPU. */
export interface Dataset {
  /** NHWC: image after image, row after row, channels innermost. */
  images: Uint8Array;
  /** A class index for each image. */
  labels: Uint8Array;
  imageShape: ImageShape;
  /** A name for each class, in the order of their indices. */
  classNames: string[];
  /** Images. */
  count: number;
}

export type Part = 'train' | 'test';

export interface TrainAndTest {
  train: Dataset;
  test: Dataset;
}

export interface DatasetParts {
  images: Uint8Array;
  labels: ArrayLike<number>;
  imageShape: readonly number[];
  /** By default the classes are named "0" up to the largest label. */
  classNames?: readonly string[];
}

/** The two parts before anybody looked at their labels: what a file holds, whatever it holds. */
export interface TrainAndTestParts {
  train: DatasetParts;
  test: DatasetParts;
}

/** A label is a byte. */
export const mostClasses = 256;

/** Puts a data set together. Throws a DataError where images, labels, shape and classes don't fit each other. */
export function createDataset(parts: DatasetParts): Dataset {
  return create(parts);
}

/**
 * Puts both parts together; the classes are the training part's. Throws a DataError as createDataset does. The test part may
 * be empty: there is then nothing to validate with.
 */
export function createDatasets(parts: TrainAndTestParts): TrainAndTest {
  const train = create(parts.train, 'train');
  return { train, test: create({ ...parts.test, classNames: train.classNames }, 'test') };
}

function create(parts: DatasetParts, part?: Part): Dataset {
  const { images, labels, classNames } = parts;
  const { imageShape, count } = measure(parts);
  if (count === 0 && part !== 'test') {
    throw new DataError({ what: 'The data set is empty', found: `0 ${imageOf(part)}s`, expected: 'at least one' });
  }
  const names = classNames ? [...classNames] : numberedClasses(labels);
  if (names.length === 0 || names.length > mostClasses) {
    throw new DataError({
      what: 'The number of classes is out of range',
      found: names.length,
      expected: `1 to ${mostClasses}, because a label is a byte`,
    });
  }
  checkLabels(labels, names.length, part);
  const asBytes = labels instanceof Uint8Array ? labels : Uint8Array.from(labels);
  return { images, labels: asBytes, imageShape, classNames: names, count };
}

/** The shape of an image and how many there are. Throws a DataError where they, or the labels, don't come out even. */
export function measure({ images, labels, imageShape }: DatasetParts): { imageShape: ImageShape; count: number } {
  const shape = checkShape(imageShape);
  const bytes = bytesAnImage(shape);
  const count = images.length / bytes;
  if (!Number.isInteger(count)) {
    throw new DataError({
      what: 'The images are not a whole number of images',
      found: `${images.length} bytes`,
      expected: `a multiple of ${shape.join(' x ')} = ${bytes} bytes`,
    });
  }
  if (labels.length !== count) {
    throw new DataError({
      what: 'The labels are not as many as the images',
      found: `${labels.length} labels`,
      expected: `${count}, one for each image`,
    });
  }
  return { imageShape: shape, count };
}

export const namesClass = (label: number, classes: number): boolean =>
  Number.isInteger(label) && label >= 0 && label < classes;

/** The first `count` images, or all where there are fewer; a view, no copy. */
export function takeFirst(dataset: Dataset, count: number): Dataset {
  if (!Number.isInteger(count) || count < 1) {
    throw new DataError({
      what: 'This many images cannot be taken',
      found: count,
      expected: 'a whole number from 1 on',
    });
  }
  const taken = Math.min(count, dataset.count);
  return {
    ...dataset,
    count: taken,
    images: dataset.images.subarray(0, taken * bytesAnImage(dataset.imageShape)),
    labels: dataset.labels.subarray(0, taken),
  };
}

export const bytesAnImage = ([height, width, channels]: ImageShape): number => height * width * channels;

function checkShape(shape: readonly number[]): ImageShape {
  if (shape.length === 3 && shape.every((size) => Number.isInteger(size) && size > 0)) return [...shape] as ImageShape;
  throw new DataError({
    what: 'The image shape is not one',
    found: shape,
    expected: '[height, width, channels], three whole numbers from 1 on',
  });
}

/** "0" up to the largest label. */
function numberedClasses(labels: ArrayLike<number>): string[] {
  let largest = -1;
  for (let i = 0; i < labels.length; i++) largest = Math.max(largest, labels[i]!);
  // NaN and the like are for checkLabels to report.
  return numberedNames(Number.isInteger(largest) && largest >= 0 ? Math.min(largest + 1, mostClasses) : mostClasses);
}

export const numberedNames = (classes: number): string[] => Array.from({ length: classes }, (_, label) => `${label}`);

function checkLabels(labels: ArrayLike<number>, classes: number, part?: Part): void {
  for (let i = 0; i < labels.length; i++) {
    if (!namesClass(labels[i]!, classes)) throw badLabel(part, i, labels[i]!, classes);
  }
}

export function badLabel(part: Part | undefined, at: number, label: number, classes: number): DataError {
  return new DataError({
    what: `The label of ${imageOf(part)} ${at} is outside the classes`,
    found: label,
    expected: `a whole number from 0 to ${classes - 1}, for ${classes} ${classes === 1 ? 'class' : 'classes'}`,
    fix: 'inspectDatasets (wgrad data inspect) lists all such labels, cleanDatasets (--clean labels) drops them',
  });
}

const imageOf = (part?: Part) => ({ train: 'training image', test: 'test image', none: 'image' })[part ?? 'none'];
