import { ConfigurationError, DataError } from '../errors.ts';
import {
  type EncodedPicture,
  type ImageSource,
  type PictureLevels,
  type PictureSource,
  partOfSource,
  picturesOf,
} from '../image_source.ts';
import type { PictureFit } from '../picture_fit.ts';
import { type ImageShape, isImageShape } from './dataset.ts';
import { inParallel } from './in_parallel.ts';
import {
  browserDecoder,
  type DecodedPicture,
  type ImageForm,
  type PictureDecoder,
  picturesAtOnce,
} from './picture_decoder.ts';

/** Options of `pictureSource`. */
export interface PictureSourceOptions {
  /** Height, width and channels (1 or 3) of the images; sizes up to 512 x 512 are usual. */
  imageShape: readonly number[];
  /** How pictures of another shape are fitted. Default `'cover'`. */
  fit?: PictureFit;
}

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
export type EncodedPictureOptions = Required<PictureSourceOptions> & {
  levels?: PictureLevels;
};

/** Like pictureSource, but without checks: the command passes pictures to its page and doesn't decode them itself. */
export function encodedPictures(
  pictures: readonly EncodedPicture[],
  { imageShape, fit, levels }: EncodedPictureOptions,
): PictureSource {
  const [height, width, channels] = imageShape as ImageShape;
  const bytes = height * width * channels;
  const form: ImageForm = { size: [height, width], fit, ...(levels && { levels }) };
  let decoder: PictureDecoder | undefined;
  const pictureAt = (index: number): EncodedPicture => {
    const picture = pictures[index];
    if (picture) return picture;
    throw new DataError({ what: `There is no picture ${index}`, expected: `0 to ${pictures.length - 1}` });
  };
  const decodeInto = async (picture: EncodedPicture, into: Uint8Array) => {
    decoder ??= browserDecoder();
    const { pixels } = await decode(picture, form, decoder);
    if (channels === 3) into.set(pixels);
    else for (let i = 0; i < into.length; i++) into[i] = pixels[3 * i]!;
  };
  return {
    kind: 'pictures',
    pictures,
    fit,
    ...(levels && { levels }),
    read: async (indices) => {
      const images = new Uint8Array(indices.length * bytes);
      await inParallel([...indices], picturesAtOnce, (index, at) =>
        decodeInto(pictureAt(index), images.subarray(at * bytes, (at + 1) * bytes)),
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

async function decode(
  { path, file }: EncodedPicture,
  form: ImageForm,
  decoder: PictureDecoder,
): Promise<DecodedPicture> {
  try {
    return await decoder.decode(file, form);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
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
