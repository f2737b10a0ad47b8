import { DataError } from '../errors.ts';
import type { ImageSource, PictureLevels } from '../image_source.ts';
import type { PictureFit } from '../picture_fit.ts';

/** Height, width, channels. */
export type ImageShape = [height: number, width: number, channels: number];

/** A class index per image: one byte each, or two if there are more than 256 classes. */
export type Labels = Uint8Array | Uint16Array;

/** Images as bytes, with labels. They are uploaded as bytes, and decoded, augmented and scaled on the GPU. */
export interface Dataset {
  /** NHWC bytes: image by image, row by row, channels innermost. Empty if `source` provides the images. */
  images: Uint8Array;
  /** Source of the images if the data set doesn't hold them in memory. */
  source?: ImageSource;
  /** A class index per image; all 0 if the data set has targets instead of classes. */
  labels: Labels;
  /** Height, width and channels of every image. */
  imageShape: ImageShape;
  /** Class names in the order of the class indices; empty if the data set has no classes. */
  classNames: string[];
  /** Numeric targets instead of classes, [count, targetNames.length]. The loss compares them with the model's outputs. */
  targets?: Float32Array;
  /** Names of the target values. */
  targetNames?: string[];
  /** Loss weight of each sample, [count], finite and >= 0, used in training, validation and evaluation. */
  sampleWeights?: Float32Array;
  /** How pictures were fitted to the image size, if not `'cover'`. `predict` fits its pictures the same way. */
  pictureFit?: PictureFit;
  /** The range that 16-bit pictures were stretched from. `predict` stretches its 16-bit pictures the same way. */
  pictureLevels?: PictureLevels;
  /** Number of images. */
  count: number;
}

/** A part of a data set. */
export type Part = 'train' | 'test';

/** A data set with a training and a test part. */
export interface TrainAndTest {
  /** Training images. */
  train: Dataset;
  /** Validation images. */
  test: Dataset;
}

/** The argument of `createDataset`. */
export interface DatasetParts {
  /**
   * Bytes [count, height, width, channels]: image by image, row by row, channels innermost. Empty if `source` provides the images.
   */
  images: Uint8Array;
  /** Source of the images if the data set does not hold them in memory. */
  source?: ImageSource;
  /** A class index per image, from 0 to at most 65,535. */
  labels: ArrayLike<number>;
  /** Height, width and channels of every image: three positive integers. */
  imageShape: readonly number[];
  /** Class names. Default: "0" up to the largest label. */
  classNames?: readonly string[];
  /** Finite values, [count, outputs]: numbers for regression, 0 or 1 for multi-label classification, or soft labels. */
  targets?: Float32Array;
  /** Names of the target values. Default: "0", "1" and so on. */
  targetNames?: readonly string[];
  /** Loss weight of each sample, [count], finite and >= 0. Default 1. */
  sampleWeights?: ArrayLike<number>;
  /** How pictures were fitted to the image size. Default `'cover'`. */
  pictureFit?: PictureFit;
  /** The range that 16-bit pictures were stretched from, if they were. */
  pictureLevels?: PictureLevels;
}

/** The argument of createDataset: labels, targets or both. */
export type DatasetSource =
  | DatasetParts
  | (Omit<DatasetParts, 'labels'> & { labels?: undefined; targets: Float32Array });

/** The argument of `createDataset` for images that are read on demand. */
export type StreamedDatasetParts = DatasetSource extends infer Parts
  ? Parts extends DatasetSource
    ? Omit<Parts, 'images' | 'source'> & { images?: undefined; source: ImageSource }
    : never
  : never;

/** Both parts before their labels are validated, exactly as read from a file. */
export interface TrainAndTestParts {
  /** Training images. */
  train: DatasetParts;
  /** Validation images. */
  test: DatasetParts;
}

/** Labels take one byte each for up to 256 classes, and two bytes otherwise. */
export const mostClasses = 65536;
export const mostByteClasses = 256;

/**
 * Creates a data set from labels, targets or both; its images are bytes or come from a `source`. Throws a DataError if images,
 * labels, targets, shape and classes are inconsistent.
 */
export function createDataset(parts: DatasetSource | StreamedDatasetParts): Dataset {
  return create(parts);
}

/**
 * Creates both parts; the classes are those of the training part. Throws a DataError as createDataset does. The test part may be
 * empty, in which case there is no validation.
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
  const { pictureFit, pictureLevels, sampleWeights } = parts;
  const dataset =
    'source' in parts && parts.source
      ? createOfSource(parts as StreamedDatasetParts, part)
      : createOf(parts as DatasetSource, part);
  return {
    ...dataset,
    ...(pictureFit && { pictureFit }),
    ...(pictureLevels && { pictureLevels }),
    ...(sampleWeights && { sampleWeights: checkSampleWeights(sampleWeights, dataset.count, part) }),
  };
}

/** @throws DataError if the number of weights differs from the number of images, or if a weight is negative or not finite. */
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

/**
 * Creates a data set with an image source. There are no bytes to count, so the number of images is that of the labels or targets.
 */
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
  // Validates the counts with placeholder images of one byte each.
  const images = new Uint8Array(count);
  const dataset = createOf({ ...parts, images, imageShape: [1, 1, 1] } as DatasetSource, part);
  return { ...dataset, images: new Uint8Array(), imageShape: shape, source };
}

function createOf(parts: DatasetSource, part?: Part): Dataset {
  const { images, labels, targets, classNames } = parts;
  // If a data set was created from targets only, its labels are all zeros and it has no classes.
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

/** Converts labels to the smallest type that holds all classes; returns the same memory if they already have it. */
export function labelsFrom(labels: ArrayLike<number>, classes: number): Labels {
  const Type = classes > mostByteClasses ? Uint16Array : Uint8Array;
  return labels instanceof Type ? labels : Type.from(labels);
}

function createOfTargets(parts: DatasetSource, part?: Part): Dataset {
  const { images, classNames } = parts;
  if (classNames && classNames.length > 0) {
    throw new DataError({
      what: 'A data set that has only targets has no classes',
      found: `${classNames.length} class names, and no labels`,
      expected: 'targetNames, a name for each number of a target',
      fix: 'add labels, or use targetNames instead of classNames',
    });
  }
  const { imageShape, count } = measureImages(parts);
  if (count === 0 && part !== 'test') {
    throw new DataError({ what: 'The data set is empty', found: `0 ${imageOf(part)}s`, expected: 'at least one' });
  }
  const targets = checkTargets(parts, count, part);
  return { images, labels: new Uint8Array(count), imageShape, classNames: [], ...targets, count };
}

/** @throws DataError if the number of targets is not a multiple of the number of images, or if a target is not finite. */
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
      what: 'The number of targets is not the same for each image',
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

/** Determines the shape and number of images. Throws a DataError if the bytes or the labels don't match them. */
export function measure(parts: DatasetParts): { imageShape: ImageShape; count: number } {
  const { imageShape, count } = measureImages(parts);
  const { labels } = parts;
  if (labels.length !== count) {
    throw new DataError({
      what: 'The numbers of labels and images differ',
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

/** @throws DataError if the images come from a source but the caller needs all of them in memory. */
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

/** The first `count` images, or all if there are fewer, as views without copying. */
export function takeFirst(dataset: Dataset, count: number): Dataset {
  if (!Number.isInteger(count) || count < 1) {
    throw new DataError({
      what: 'Invalid number of images',
      found: count,
      expected: 'an integer of at least 1',
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

/** Whether a value is an image shape: three positive integers. */
export const isImageShape = (shape: unknown): shape is ImageShape =>
  Array.isArray(shape) && shape.length === 3 && shape.every((size) => Number.isInteger(size) && size > 0);

function checkShape(shape: readonly number[]): ImageShape {
  if (isImageShape(shape)) return [...shape];
  throw new DataError({
    what: 'Invalid image shape',
    found: shape,
    expected: '[height, width, channels], three integers of at least 1',
  });
}

/** Class names "0" up to the largest label. */
function numberedClasses(labels: ArrayLike<number>): string[] {
  let largest = -1;
  for (let i = 0; i < labels.length; i++) largest = Math.max(largest, labels[i]!);
  // Non-numeric labels such as NaN are reported later by checkLabels.
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
    expected: `an integer from 0 to ${classes - 1}, for ${classes} ${classes === 1 ? 'class' : 'classes'}`,
    fix: 'inspectDatasets (wgrad data inspect) lists all such labels, cleanDatasets (--clean labels) drops them',
  });
}

const imageOf = (part?: Part) => ({ train: 'training image', test: 'test image', none: 'image' })[part ?? 'none'];
