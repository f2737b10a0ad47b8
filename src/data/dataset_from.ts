import { ConfigurationError, DataError } from '../errors.ts';
import { type PictureFit, pictureDecoding } from '../picture_fit.ts';
import { createDataset, type Dataset, isImageShape } from './dataset.ts';
import { canvasFor, drawn, takeChannels } from './drawn_picture.ts';

/** One image with its label, or with numbers in place of one. */
export interface DatasetItem {
  /** The bytes of the image in the order of `imageShape`; or, in a browser, a picture: a file, an ImageBitmap, ImageData, a canvas. */
  image: Uint8Array | Uint8ClampedArray | Blob | ImageBitmap | ImageData | OffscreenCanvas;
  /** A class by its index or its name. */
  label?: number | string;
  /** Numbers in place of a class. */
  target?: readonly number[];
}

/** Options of `datasetFrom`. */
export interface DatasetFromOptions {
  /** Height, width and channels (1 or 3) of the images. */
  imageShape: readonly [height: number, width: number, channels: number];
  /** The names of the classes in their order. By default the names that occur, sorted, or the numbers up to the largest label. */
  classNames?: readonly string[];
  /** A name for each number of a target. */
  targetNames?: readonly string[];
  /** How pictures of another size are fitted: `'cover'` by default. */
  fit?: PictureFit;
  /** Called after each image. */
  onProgress?: (done: number) => void;
  /** Stops: the promise rejects with the signal's reason. */
  signal?: AbortSignal;
}

/**
 * Makes a data set of images that come one after the other: from an async generator that fetches them, from a database, from a
 * camera. Pictures take a browser; bytes are taken in Node as well.
 *
 * @throws ConfigurationError for an `imageShape` that is none.
 * @throws DataError for an image of another length, a label that is no class, and where some have labels and others targets.
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

/** A picture at the size of the images, on white; with one channel, the luminance of the standard for television (BT.601). */
async function pixelsOf(
  image: Exclude<DatasetItem['image'], Uint8Array | Uint8ClampedArray>,
  [height, width, channels]: readonly [number, number, number],
  fit: PictureFit,
): Promise<Uint8Array> {
  if (typeof createImageBitmap === 'undefined' || (channels !== 1 && channels !== 3)) {
    throw new ConfigurationError({
      what: 'Pictures become images of 1 or 3 channels, in a browser, which decodes them',
      found: typeof createImageBitmap === 'undefined' ? 'no createImageBitmap here' : `${channels} channels`,
      fix: 'give the bytes of each image',
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
