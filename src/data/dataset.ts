import { DataError } from '../errors.ts';
import type { ImageSource } from '../image_source.ts';
import type { PictureFit } from '../picture_fit.ts';

/** Height, width, channels. */
export type ImageShape = [height: number, width: number, channels: number];

/** A class index for each image: bytes, or two bytes each where there are more than 256 classes. */
export type Labels = Uint8Array | Uint16Array;

/** Images as bytes with labels: what is uploaded, and warped, decoded and scaled on the GPU. */
export interface Dataset {
  /** NHWC: image after image, row after row, channels innermost; empty where a `source` has them. */
  images: Uint8Array;
  /** Where the images are read from, of a data set that doesn't hold them in memory. */
  source?: ImageSource;
  /** A class index for each image; all 0 where the data set has targets and no classes. */
  labels: Labels;
  /** Height, width and channels of every image. */
  imageShape: ImageShape;
  /** A name for each class, in the order of their indices; empty where the data set has no classes. */
  classNames: string[];
  /** Numbers instead of classes, [count, targetNames.length]: what a loss compares the model's outputs with. */
  targets?: Float32Array;
  /** A name for each number of a target. */
  targetNames?: string[];
  /** How much the loss of each sample counts, [count], finite and >= 0: in training, validation and evaluation. */
  sampleWeights?: Float32Array;
  /** How pictures became these images, where it is not `'cover'`: `predict` does the same with the pictures that it gets. */
  pictureFit?: PictureFit;
  /** Images. */
  count: number;
}

/** A part of a data set. */
export type Part = 'train' | 'test';

/** A data set in two parts. */
export interface TrainAndTest {
  /** The images to train with. */
  train: Dataset;
  /** The images to validate with. */
  test: Dataset;
}

/** What `createDataset` makes a data set of. */
export interface DatasetParts {
  /** Bytes [count, height, width, channels]: image after image, row after row, channels innermost; empty where a `source` has them. */
  images: Uint8Array;
  /** Where the images are read from, of a data set that does not hold them in memory. */
  source?: ImageSource;
  /** A class index for each image, from 0 to at most 65,535. */
  labels: ArrayLike<number>;
  /** Height, width and channels of every image: three positive integers. */
  imageShape: readonly number[];
  /** By default the classes are named "0" up to the largest label. */
  classNames?: readonly string[];
  /** [count, outputs], finite: numbers for a regression, 0 or 1 for labels that do not exclude each other, shares of classes. */
  targets?: Float32Array;
  /** By default the numbers of a target are named "0" and on. */
  targetNames?: readonly string[];
  /** How much the loss of each sample counts, [count], finite and >= 0; 1 by default. */
  sampleWeights?: ArrayLike<number>;
  /** How pictures became these images: `'cover'` by default. */
  pictureFit?: PictureFit;
}

/** The argument of createDataset: labels, targets or both. */
export type DatasetSource =
  | DatasetParts
  | (Omit<DatasetParts, 'labels'> & { labels?: undefined; targets: Float32Array });

/** What `createDataset` makes a data set of whose images are read when they are needed. */
export type StreamedDatasetParts = DatasetSource extends infer Parts
  ? Parts extends DatasetSource
    ? Omit<Parts, 'images' | 'source'> & { images?: undefined; source: ImageSource }
    : never
  : never;

/** The two parts before anybody looked at their labels: what a file holds, whatever it holds. */
export interface TrainAndTestParts {
  /** The images to train with. */
  train: DatasetParts;
  /** The images to validate with. */
  test: DatasetParts;
}

/** A label is a byte up to 256 classes, and else two. */
export const mostClasses = 65536;
export const mostByteClasses = 256;

/**
 * Puts a data set together, of labels, targets or both; its images are bytes, or come from a `source`. Throws a DataError where
 * images, labels, targets, shape and classes don't fit each other.
 */
export function createDataset(parts: DatasetSource | StreamedDatasetParts): Dataset {
  return create(parts);
}

/**
 * Puts both parts together; the classes are the training part's. Throws a DataError as createDataset does. The test part may
 * be empty: there is then nothing to validate with.
 */
export function createDatasets(parts: {
  train: DatasetSource | StreamedDatasetParts;
  test: DatasetSource | StreamedDatasetParts;
}): TrainAndTest {
  const train = create(parts.train, 'train');
  const { classNames, targetNames } = train;
  const named = { ...(classNames.length > 0 && { classNames }), ...(targetNames && { targetNames }) };
  return { train, test: create({ ...parts.test, ...named }, 'test') };
}

function create(parts: DatasetSource | StreamedDatasetParts, part?: Part): Dataset {
  const { pictureFit, sampleWeights } = parts;
  const dataset =
    'source' in parts && parts.source
      ? createOfSource(parts as StreamedDatasetParts, part)
      : createOf(parts as DatasetSource, part);
  return {
    ...dataset,
    ...(pictureFit && { pictureFit }),
    ...(sampleWeights && { sampleWeights: checkSampleWeights(sampleWeights, dataset.count, part) }),
  };
}

/** @throws DataError where the weights are not as many as the images, negative or not finite. */
function checkSampleWeights(sampleWeights: ArrayLike<number>, count: number, part?: Part): Float32Array {
  const weights = Float32Array.from(sampleWeights);
  const wrong = weights.findIndex((weight) => !(weight >= 0 && weight < Infinity));
  if (weights.length === count && wrong < 0) return weights;
  throw new DataError({
    what: 'The sample weights do not fit the images',
    found: wrong < 0 ? `${weights.length} weights` : `weight ${weights[wrong]} of ${imageOf(part)} ${wrong}`,
    expected: `${count}, one for each ${imageOf(part)}, finite and >= 0`,
  });
}

/** As with images that there are, of no bytes: their number is that of the labels or targets. */
function createOfSource({ source, ...parts }: StreamedDatasetParts, part?: Part): Dataset {
  if (typeof source.read !== 'function') {
    throw new DataError({
      what: 'The source of the images cannot be read',
      found: source,
      expected: '{ kind, read(indices) }, where read resolves with the bytes of the images at these indices',
    });
  }
  const { labels, targets, targetNames } = parts as Partial<DatasetParts>;
  const count = labels?.length ?? Math.floor((targets?.length ?? 0) / (targetNames?.length || 1));
  const shape = checkShape(parts.imageShape);
  // Their number is checked by means of images of one byte each.
  const images = new Uint8Array(count);
  const dataset = createOf({ ...parts, images, imageShape: [1, 1, 1] } as DatasetSource, part);
  return { ...dataset, images: new Uint8Array(), imageShape: shape, source };
}

function createOf(parts: DatasetSource, part?: Part): Dataset {
  const { images, labels, targets, classNames } = parts;
  // A data set that was made of targets alone comes back with labels of no class.
  if (targets !== undefined && (labels === undefined || classNames?.length === 0)) return createOfTargets(parts, part);
  const { imageShape, count } = measure(parts as DatasetParts);
  if (count === 0 && part !== 'test') {
    throw new DataError({ what: 'The data set is empty', found: `0 ${imageOf(part)}s`, expected: 'at least one' });
  }
  const names = classNames ? [...classNames] : numberedClasses(labels!);
  if (names.length === 0 || names.length > mostClasses) {
    throw new DataError({
      what: 'The number of classes is out of range',
      found: names.length,
      expected: `1 to ${mostClasses}, because a label is two bytes at most`,
    });
  }
  checkLabels(labels!, names.length, part);
  const given = { images, labels: labelsFrom(labels!, names.length), imageShape, classNames: names, count };
  return targets === undefined ? given : { ...given, ...checkTargets(parts, count, part) };
}

/** The same labels in as few bytes as the number of classes allows; the same memory where it is that already. */
export function labelsFrom(labels: ArrayLike<number>, classes: number): Labels {
  const Type = classes > mostByteClasses ? Uint16Array : Uint8Array;
  return labels instanceof Type ? labels : Type.from(labels);
}

function createOfTargets(parts: DatasetSource, part?: Part): Dataset {
  const { images, classNames } = parts;
  if (classNames && classNames.length > 0) {
    throw new DataError({
      what: 'A data set with targets alone has no classes',
      found: `${classNames.length} class names, and no labels`,
      expected: 'targetNames, a name for each number of a target',
      fix: 'give labels too, or targetNames in place of classNames',
    });
  }
  const { imageShape, count } = measureImages(parts);
  if (count === 0 && part !== 'test') {
    throw new DataError({ what: 'The data set is empty', found: `0 ${imageOf(part)}s`, expected: 'at least one' });
  }
  const targets = checkTargets(parts, count, part);
  return { images, labels: new Uint8Array(count), imageShape, classNames: [], ...targets, count };
}

/** @throws DataError where targets are not as many for each image, or not finite. */
function checkTargets(
  { targets, targetNames }: Pick<DatasetSource, 'targets' | 'targetNames'>,
  count: number,
  part?: Part,
): Required<Pick<Dataset, 'targets' | 'targetNames'>> {
  const outputs = targetNames?.length ?? (targets as Float32Array).length / count;
  const isFloats = targets instanceof Float32Array;
  const fits = isFloats && targets.length === count * outputs;
  if (!fits || (count > 0 && !(Number.isInteger(outputs) && outputs > 0))) {
    throw new DataError({
      what: 'The targets are not as many for each image',
      found: isFloats ? `${targets.length} numbers for ${count} ${imageOf(part)}s` : targets,
      expected: `a Float32Array of [${count}, ${targetNames ? targetNames.length : 'outputs'}] numbers`,
    });
  }
  const wrong = targets.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    throw new DataError({
      what: `The target of ${imageOf(part)} ${Math.floor(wrong / outputs)} is not finite`,
      found: targets[wrong],
      expected: 'finite numbers',
    });
  }
  return {
    targets,
    targetNames: targetNames ? [...targetNames] : numberedNames(Number.isFinite(outputs) ? outputs : 0),
  };
}

/** The shape of an image and how many there are. Throws a DataError where they, or the labels, don't come out even. */
export function measure(parts: DatasetParts): { imageShape: ImageShape; count: number } {
  const { imageShape, count } = measureImages(parts);
  const { labels } = parts;
  if (labels.length !== count) {
    throw new DataError({
      what: 'The labels are not as many as the images',
      found: `${labels.length} labels`,
      expected: `${count}, one for each image`,
    });
  }
  return { imageShape, count };
}

function measureImages(parts: Pick<DatasetParts, 'images' | 'imageShape'>) {
  const { images, imageShape } = parts;
  const shape = checkShape(imageShape);
  requireInMemory(parts);
  const bytes = bytesAnImage(shape);
  const count = images.length / bytes;
  if (!Number.isInteger(count)) {
    throw new DataError({
      what: 'The images are not a whole number of images',
      found: `${images.length} bytes`,
      expected: `a multiple of ${shape.join(' x ')} = ${bytes} bytes`,
    });
  }
  return { imageShape: shape, count };
}

/** @throws DataError for images that come from a source, where all of them are looked at at once. */
export function requireInMemory(parts: { images: Uint8Array; source?: ImageSource }): void {
  if (!parts.source) return;
  throw new DataError({
    what: 'This needs all images in memory',
    found: `a data set whose images come from a source (${parts.source.kind})`,
    fix: 'make a data set with createDataset of the bytes that source.read(indices) gives',
  });
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
  const { images, labels, targets, targetNames, sampleWeights, imageShape } = dataset;
  const taken = Math.min(count, dataset.count);
  return {
    ...dataset,
    count: taken,
    images: images.subarray(0, taken * bytesAnImage(imageShape)),
    labels: labels.subarray(0, taken),
    ...(targets && { targets: targets.subarray(0, taken * targetNames!.length) }),
    ...(sampleWeights && { sampleWeights: sampleWeights.subarray(0, taken) }),
  };
}

export const bytesAnImage = ([height, width, channels]: ImageShape): number => height * width * channels;

/** Three positive integers. */
export const isImageShape = (shape: unknown): shape is ImageShape =>
  Array.isArray(shape) && shape.length === 3 && shape.every((size) => Number.isInteger(size) && size > 0);

function checkShape(shape: readonly number[]): ImageShape {
  if (isImageShape(shape)) return [...shape];
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
