import { ConfigurationError } from '../errors.ts';
import type { PictureLevels } from '../image_source.ts';
import type { PictureFit } from '../picture_fit.ts';

/**
 * An image of any size, in any form that a web page may have: an element, a canvas, a video frame, pixels, or a file (PNG, JPEG, WebP, GIF,
 * BMP, AVIF) as a Blob or as bytes.
 */
export type Picture =
  | ImageBitmap
  | ImageData
  | HTMLImageElement
  | HTMLCanvasElement
  | HTMLVideoElement
  | OffscreenCanvas
  | VideoFrame
  | Blob
  | ArrayBuffer
  | Uint8Array;

/** How pictures are converted to images like those that the network was trained on. */
export interface PicturePreparation {
  /** Height, width and channels of the images in the data set; 1 channel is gray, 3 are red, green and blue. */
  imageShape: readonly [height: number, width: number, channels: number];
  /** How a picture of another shape is fitted; `'cover'` by default. */
  fit: PictureFit;
  /**
   * The range that 16-bit PNGs are stretched from, if the training images were stretched. Pictures that are not files keep their 8 bits.
   */
  levels?: PictureLevels;
}

const elements = ['HTMLImageElement', 'HTMLCanvasElement', 'HTMLVideoElement', 'OffscreenCanvas', 'VideoFrame'];
const files = ['Blob', 'File', 'ArrayBuffer', 'Uint8Array'];
const kinds = new Set(['ImageBitmap', 'ImageData', ...elements, ...files]);

/** The class of an object, which also recognizes objects from another window. */
export const kindOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

/** True if a value is a picture, whether or not it can be decoded. */
export const isPicture = (value: unknown): value is Picture => kinds.has(kindOf(value));

/** @throws ConfigurationError for anything but pictures in a list. */
export function requirePictures(values: readonly unknown[]): asserts values is readonly Picture[] {
  const wrong = values.findIndex((value) => !isPicture(value));
  if (wrong < 0) return;
  throw new ConfigurationError({
    what: `Entry ${wrong} of the list is not a picture`,
    found: kindOf(values[wrong]),
    expected: [...kinds].join(', '),
    fix: 'pass a list of pictures or a list of Float32Arrays, not a mixture',
  });
}
