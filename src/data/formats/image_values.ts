import { DataError } from '../../errors.ts';
import { figure } from '../../figures.ts';
import type { ImageShape } from '../dataset.ts';

/** The number types of array files. */
export type Numbers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** Images as stored in an array file. */
export interface ImageValues {
  /** Length of each axis; the first one is the number of images. */
  shape: readonly number[];
  /** The values, last axis innermost. */
  data: Numbers;
  path: string;
}

/** Size of the images and the order of their axes. */
interface Layout {
  imageShape: ImageShape;
  /** Whether the channels are innermost or separate planes. */
  order: 'channels last' | 'channels first';
  /** Explanation of the layout if it had to be guessed. */
  note?: string;
}

const isChannels = (n: number) => n === 1 || n === 3 || n === 4;

/** @throws DataError if the axes are not those of images. */
export function layoutOf({ shape, path, data }: ImageValues): Layout {
  const [, a = 0, b = 0, c = 0] = shape;
  if (shape.length === 3) return { imageShape: [a, b, 1], order: 'channels last' };
  if (shape.length === 4 && (isChannels(c) || !isChannels(a))) return { imageShape: [a, b, c], order: 'channels last' };
  if (shape.length === 4)
    return { imageShape: [b, c, a], order: 'channels first', note: `${path}: the channels come first` };
  const side = Math.round(Math.sqrt(a));
  if (shape.length === 2 && a > 0) {
    if (side * side === a) return { imageShape: [side, side, 1], order: 'channels last' };
    const colored = Math.round(Math.sqrt(a / 3));
    if (3 * colored * colored === a) {
      const order = arePlanes(data, a, colored) ? 'channels first' : 'channels last';
      const how =
        order === 'channels first'
          ? 'red, green and blue one after the other'
          : 'the colors of a pixel next to each other';
      return {
        imageShape: [colored, colored, 3],
        order,
        note: `${path}: rows of ${a} numbers are images of ${colored} x ${colored} x 3, ${how}`,
      };
    }
  }
  throw new DataError({
    what: `${path} does not contain images`,
    found: `an array of ${shape.join(' x ') || 'no axes'}`,
    expected: 'count x height x width, count x height x width x channels, or rows of as many pixels as a square has',
    fix: 'use an array that has the shape of the images',
  });
}

/**
 * Detects channel planes: neighboring pixels are similar, and they are one element apart in planes but three apart in interleaved
 * channels.
 */
function arePlanes(data: Numbers, width: number, side: number): boolean {
  let [planes, mixed] = [0, 0];
  const rows = Math.min(64, data.length / width);
  for (let row = 0; row < rows; row++) {
    for (let i = row * width; i + 3 < row * width + side * side; i++) {
      planes += Math.abs(data[i]! - data[i + 1]!);
      mixed += Math.abs(data[i]! - data[i + 3]!);
    }
  }
  return planes < mixed;
}

/** Images of several splits converted to bytes by a common rule. */
export interface ImageBytes {
  bytes: Uint8Array[];
  note?: string;
}

/**
 * Converts values to bytes. Integers from 0 to 255 are kept; binary values and fractions from 0 to 1 or from -1 to 1 are scaled to
 * the full byte range; larger values are scaled by their minimum and maximum, or by the range of the type for 16-bit integers.
 *
 * @param stretch always scales the actual range of the values to the full byte range.
 * @throws DataError for a value that is not finite.
 */
export function bytesOfValues(arrays: readonly ImageValues[], stretch = false): ImageBytes {
  const { least, most, areWhole } = rangeOf(arrays);
  const range = `from ${figure(least)} to ${figure(most)}`;
  const scaled = (from: number, to: number): Uint8Array[] => {
    const factor = to > from ? 255 / (to - from) : 0;
    return arrays.map(({ data }) => {
      const bytes = new Uint8Array(data.length);
      for (let i = 0; i < data.length; i++) bytes[i] = (data[i]! - from) * factor + 0.5;
      return bytes;
    });
  };
  if (stretch) return { bytes: scaled(least, most), note: `values ${range}, stretched over 0 to 255, as requested` };
  const isBinary = areWhole && least >= 0 && most <= 1;
  if (least >= 0 && most <= 1 && most > 0)
    return {
      bytes: scaled(0, 1),
      note: isBinary ? 'values 0 and 1: they became 0 and 255' : `values ${range}: 1 became 255`,
    };
  if (least >= -1 && most <= 1 && least < 0)
    return { bytes: scaled(-1, 1), note: `values ${range}: -1 became 0, and 1 became 255` };
  if (least >= 0 && most <= 255) {
    const bytes = arrays.map(({ data }) => (data instanceof Uint8Array ? data : scaledOf(data)));
    return {
      bytes,
      ...(most <= 127 && most > 0 && { note: `values ${range}: a part of 0 to 255; they can be stretched over it` }),
    };
  }
  if (least >= 0 && arrays.every(({ data }) => data instanceof Uint16Array)) {
    const part = most < 32768 ? `, ${Math.ceil(Math.log2(most + 1))} bits of 16; they can be stretched` : '';
    return { bytes: scaled(0, 65535), note: `values ${range}: 65535 became 255${part}` };
  }
  if (areWhole && arrays.every(({ data }) => data instanceof Int8Array))
    return { bytes: scaled(-128, 127), note: `values ${range}: -128 became 0, and 127 became 255` };
  return { bytes: scaled(least, most), note: `values ${range}: they were stretched over 0 to 255` };
}

/** Fractional values are rounded. */
const scaledOf = (data: Numbers): Uint8Array => {
  const bytes = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) bytes[i] = data[i]! + 0.5;
  return bytes;
};

function rangeOf(arrays: readonly ImageValues[]) {
  let [least, most, areWhole] = [Infinity, -Infinity, true];
  for (const { data, path } of arrays) {
    for (let i = 0; i < data.length; i++) {
      const value = data[i]!;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    if (!(data instanceof Float32Array || data instanceof Float64Array)) continue;
    const at = data.findIndex((value) => !Number.isFinite(value));
    if (at >= 0) {
      throw new DataError({
        what: `A pixel of ${path} is not a number`,
        found: `${data[at]} at position ${at}`,
        expected: 'finite numbers',
        fix: 'replace it, or leave that image out',
      });
    }
    areWhole &&= data.every((value) => Number.isInteger(value));
  }
  return { least, most, areWhole };
}

/** Converts bytes from a file's layout to NHWC, and composites transparent pixels onto white. */
export function arranged(
  bytes: Uint8Array,
  count: number,
  { imageShape, order }: Layout,
): { images: Uint8Array; imageShape: ImageShape } {
  const [height, width, channels] = imageShape;
  const pixels = height * width;
  let images = bytes;
  if (order === 'channels first' && channels > 1) {
    images = new Uint8Array(bytes.length);
    for (let image = 0; image < count; image++) {
      for (let c = 0; c < channels; c++) {
        const from = (image * channels + c) * pixels;
        for (let i = 0, to = image * pixels * channels + c; i < pixels; i++, to += channels)
          images[to] = bytes[from + i]!;
      }
    }
  }
  if (channels !== 4) return { images, imageShape };
  const opaque = new Uint8Array(3 * pixels * count);
  for (let i = 0; i < pixels * count; i++) {
    const alpha = images[4 * i + 3]! / 255;
    for (let c = 0; c < 3; c++) opaque[3 * i + c] = images[4 * i + c]! * alpha + 255 * (1 - alpha) + 0.5;
  }
  return { images: opaque, imageShape: [height, width, 3] };
}
