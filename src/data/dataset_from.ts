import { ConfigurationError, DataError } from '../errors.ts';
import { type PictureFit, pictureDecoding } from '../picture_fit.ts';
import { createDataset, type Dataset, isImageShape } from './dataset.ts';
import { canvasFor, drawn, takeChannels } from './drawn_picture.ts';

/** One image with its label or target. */
export interface DatasetItem {
  /**
   * The bytes of the image in the order of `imageShape`, or, in a browser, a picture: a file, an ImageBitmap, ImageData or a
   * canvas.
   */
  image: Uint8Array | Uint8ClampedArray | Blob | ImageBitmap | ImageData | OffscreenCanvas;
  /** Class index or class name. */
  label?: number | string;
  /** Target values instead of a class. */
  target?: readonly number[];
}

/** Options of `datasetFrom`. */
export interface DatasetFromOptions {
  /** Height, width and channels (1 or 3) of the images. */
  imageShape: readonly [height: number, width: number, channels: number];
  /** Class names in order. Default: the names that occur, sorted, or the numbers up to the largest label. */
  classNames?: readonly string[];
  /** Names of the target values. */
  targetNames?: readonly string[];
  /** How pictures of another size are fitted. Default `'cover'`. */
  fit?: PictureFit;
  /** Called after each image. */
  onProgress?: (done: number) => void;
  /** Aborts: the promise rejects with the signal's reason. */
  signal?: AbortSignal;
}

/**
 * Creates a data set from images that arrive one at a time: from an async generator that fetches them, from a database, or from a
 * camera. Pictures require a browser; bytes also work in Node.
 *
 * @throws ConfigurationError for an invalid `imageShape`.
 * @throws DataError for an image of the wrong length, for an unknown label, and if some items have labels and others targets.
 */
export async function datasetFrom(
  items: AsyncIterable<DatasetItem> | Iterable<DatasetItem>,
  options: DatasetFromOptions,
): Promise<Dataset> {
  const { classNames, targetNames, fit = 'cover', onProgress, signal } = options;
  const shape = requireShape(options.imageShape);
  const bytes = shape[0] * shape[1] * shape[2];
  let images = new Uint8Array(64 * bytes);
  const labels: (number | string)[] = [];
  const targets: number[] = [];
  let count = 0;
  let kind: string | undefined;
  for await (const { image, label, target } of items) {
    signal?.throwIfAborted();
    const pixels =
      image instanceof Uint8Array || image instanceof Uint8ClampedArray ? image : await pixelsOf(image, shape, fit);
    if (pixels.length !== bytes)
      throw wrong(count, `${pixels.length} bytes`, `${bytes}, because imageShape is ${shape.join(' x ')}`);
    if ((label === undefined) === (target === undefined))
      throw wrong(count, label === undefined ? 'neither' : 'both', 'a label or a target');
    const found = label === undefined ? 'a target' : 'a label';
    kind ??= found;
    if (kind !== found) throw wrong(count, found, `${kind}, as the images before`);
    if (target && count > 0 && target.length !== targets.length / count)
      throw wrong(count, `${target.length} numbers`, `${targets.length / count}, as the images before`);
    if (images.length < (count + 1) * bytes) {
      const wider = new Uint8Array(2 * images.length);
      wider.set(images);
      images = wider;
    }
    images.set(pixels, count * bytes);
    if (label !== undefined) labels.push(label);
    if (target) for (const number of target) targets.push(number);
    count++;
    onProgress?.(count);
  }
  const parts = {
    images: images.slice(0, count * bytes),
    imageShape: shape,
    ...(fit !== 'cover' && { pictureFit: fit }),
  };
  if (targets.length > 0) {
    return createDataset({ ...parts, targets: Float32Array.from(targets), ...(targetNames && { targetNames }) });
  }
  const names = classNames ?? (typeof labels[0] === 'string' ? [...new Set(labels as string[])].sort() : undefined);
  const indices = labels.map((label, i) => {
    const index = typeof label === 'string' ? (names?.indexOf(label) ?? -1) : label;
    if (index >= 0) return index;
    throw wrong(i, String(label), names ? names.slice(0, 20).join(', ') : 'an index, as the images before');
  });
  return createDataset({ ...parts, labels: indices, ...(names && { classNames: names }) });
}

const wrong = (at: number, found: string, expected: string) =>
  new DataError({ what: `Image ${at} does not fit the data set`, found, expected });

function requireShape(shape: DatasetFromOptions['imageShape']): [number, number, number] {
  if (isImageShape(shape)) return [...(shape as [number, number, number])];
  throw new ConfigurationError({
    what: 'Invalid imageShape',
    found: shape,
    expected: '[height, width, channels], positive integers',
  });
}

/** Draws a picture at the image size on a white background; with one channel, converts it to luma as defined by ITU-R BT.601. */
async function pixelsOf(
  image: Exclude<DatasetItem['image'], Uint8Array | Uint8ClampedArray>,
  [height, width, channels]: readonly [number, number, number],
  fit: PictureFit,
): Promise<Uint8Array> {
  if (typeof createImageBitmap === 'undefined' || (channels !== 1 && channels !== 3)) {
    throw new ConfigurationError({
      what: 'Pictures become images of 1 or 3 channels, in a browser, which decodes them',
      found: typeof createImageBitmap === 'undefined' ? 'no createImageBitmap here' : `${channels} channels`,
      fix: 'pass the bytes of each image',
    });
  }
  const bitmap = await createImageBitmap(image, pictureDecoding);
  const data = drawn(canvasFor(height, width), bitmap, fit);
  const pixels = new Uint8Array(height * width * channels);
  if (channels === 3) takeChannels(data, channels, pixels);
  else {
    for (let i = 0; i < pixels.length; i++)
      pixels[i] = 0.299 * data[4 * i]! + 0.587 * data[4 * i + 1]! + 0.114 * data[4 * i + 2]! + 0.5;
  }
  return pixels;
}
