import { ConfigurationError, DataError } from '../errors.ts';
import {
  type EncodedPicture,
  type ImageSource,
  type PictureLevels,
  type PictureSource,
  partOfSource,
  picturesOf,
} from '../image_source.ts';
import { type PictureFit, pictureDecoding } from '../picture_fit.ts';
import { type ImageShape, isImageShape } from './dataset.ts';
import { canvasFor, drawn, takeChannels } from './drawn_picture.ts';
import { inParallel } from './in_parallel.ts';
import { isWidePng, widePngHead } from './wide_head.ts';

/** Options of `pictureSource`. */
export interface PictureSourceOptions {
  /** Height, width and channels (1 or 3) of the images; sizes up to 512 x 512 are usual. */
  imageShape: readonly number[];
  /** How pictures of another shape are fitted. Default `'cover'`. */
  fit?: PictureFit;
}

/** Number of pictures decoded concurrently; the browser decodes each on a separate thread. */
export const picturesAtOnce = 4;

/**
 * Uses encoded pictures as the images of a data set, in a browser: each is decoded shortly before it is trained on, so that memory
 * holds only a few steps' images. Transparent pixels become white, and a grayscale image takes the red channel of its picture, as
 * when pictures are read into memory.
 *
 * @throws ConfigurationError for an invalid image shape, or outside of a browser; `read` throws a DataError for a picture that
 *   can't be decoded.
 */
export function pictureSource(
  pictures: readonly EncodedPicture[],
  { imageShape, fit = 'cover' }: PictureSourceOptions,
): ImageSource {
  if (!isImageShape(imageShape) || (imageShape[2] !== 1 && imageShape[2] !== 3)) {
    throw new ConfigurationError({
      what: 'Pictures cannot become images of this shape',
      found: imageShape,
      expected: '[height, width, 1] for gray images or [height, width, 3] for colored ones',
    });
  }
  if (typeof OffscreenCanvas === 'undefined') {
    throw new ConfigurationError({
      what: 'Pictures can only be read in a browser, which decodes them',
      found: 'no OffscreenCanvas here',
      fix: 'give a source that reads images which are decoded already',
    });
  }
  return encodedPictures(pictures, { imageShape, fit });
}

/** Options that determine the bytes of the images. */
export type EncodedPictureOptions = Required<PictureSourceOptions> & { levels?: PictureLevels };

/** Like pictureSource, but without checks: the command passes pictures to its page and doesn't decode them itself. */
export function encodedPictures(
  pictures: readonly EncodedPicture[],
  { imageShape, fit, levels }: EncodedPictureOptions,
): PictureSource {
  const [height, width, channels] = imageShape as ImageShape;
  const bytes = height * width * channels;
  const idle: OffscreenCanvasRenderingContext2D[] = [];
  const readInto = async (index: number, into: Uint8Array) => {
    const picture = pictures[index];
    if (!picture) {
      throw new DataError({ what: `There is no picture ${index}`, expected: `0 to ${pictures.length - 1}` });
    }
    const bitmap = await decode(picture, levels);
    const context = idle.pop() ?? canvasFor(height, width);
    takeChannels(drawn(context, bitmap, fit), channels, into);
    idle.push(context);
  };
  return {
    kind: 'pictures',
    pictures,
    fit,
    ...(levels && { levels }),
    read: async (indices) => {
      const images = new Uint8Array(indices.length * bytes);
      await inParallel([...indices], picturesAtOnce, (index, at) =>
        readInto(index, images.subarray(at * bytes, (at + 1) * bytes)),
      );
      return images;
    },
  };
}

/** A subset or permutation of a source's images. */
export function imagesOfSource(
  source: ImageSource,
  imageShape: readonly number[],
  indices: readonly number[],
): ImageSource {
  const encoded = picturesOf(source);
  if (!encoded) return partOfSource(source, (index) => indices[index]!);
  const { pictures, fit, levels } = encoded;
  return encodedPictures(
    indices.map((index) => pictures[index]!),
    { imageShape, fit, ...(levels && { levels }) },
  );
}

/**
 * Decodes a picture.
 *
 * @param levels the range that 16-bit pictures are stretched over. Without it the browser decodes them and keeps their upper 8 bits.
 * @throws the browser's error for a picture that it can't decode.
 */
export async function bitmapOf(file: EncodedPicture['file'], levels?: PictureLevels): Promise<ImageBitmap> {
  const blob = file instanceof Blob ? file : new Blob([await file.arrayBuffer()]);
  if (levels && (await isWide(blob))) {
    const { decodeWidePng, imageDataOf } = await import('./wide_pictures.ts');
    const pixels = decodeWidePng(new Uint8Array(await blob.arrayBuffer()));
    return createImageBitmap(imageDataOf(pixels, levels), pictureDecoding);
  }
  return createImageBitmap(blob, pictureDecoding);
}

const isWide = async (file: Blob): Promise<boolean> =>
  isWidePng(new Uint8Array(await file.slice(0, widePngHead).arrayBuffer()));

async function decode({ path, file }: EncodedPicture, levels: PictureLevels | undefined): Promise<ImageBitmap> {
  try {
    return await bitmapOf(file, levels);
  } catch (cause) {
    throw new DataError(
      {
        what: `The picture ${path} cannot be decoded`,
        found: cause instanceof Error ? cause.message : cause,
        expected: 'a whole file that this browser decodes: PNG, JPEG, WebP, GIF, BMP or AVIF',
        fix: 'leave it out of the data set, or convert it to PNG or JPEG',
      },
      { cause },
    );
  }
}
