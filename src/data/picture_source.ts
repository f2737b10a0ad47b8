import { ConfigurationError, DataError } from '../errors.ts';
import type { ImageSource } from '../image_source.ts';
import { drawPicture, type PictureFit, pictureDecoding } from '../picture_fit.ts';
import type { ImageShape } from './dataset.ts';

/** A picture's bytes, encoded: a File or another Blob, or what reads them when they are needed. */
export interface EncodedPicture {
  /** Named in errors. */
  path: string;
  /** The file, a Blob or anything else that gives its bytes: PNG, JPEG, or what else the browser decodes. */
  file: Pick<Blob, 'arrayBuffer'>;
}

/** Options of `pictureSource`. */
export interface PictureSourceOptions {
  /** Height, width and channels (1 or 3) of the images that pictures become; up to 512 x 512 is usual. */
  imageShape: readonly number[];
  /** How a picture of another shape becomes an image: `'cover'` by default. */
  fit?: PictureFit;
}

/** Pictures that are decoded side by side: the browser decodes each in a thread of its own. */
const mostAtOnce = 4;

/**
 * Encoded pictures as the images of a data set, in a browser: each is decoded when it is about to be trained on, so that memory holds
 * no more than a few steps' images. What is transparent becomes white, and a gray image is the red of its picture, as when pictures
 * are read into memory.
 *
 * @throws ConfigurationError for an image shape that pictures cannot have, or where there is no browser; `read` throws a DataError
 *   for a picture that cannot be decoded.
 */
export function pictureSource(
  pictures: readonly EncodedPicture[],
  { imageShape, fit = 'cover' }: PictureSourceOptions,
): ImageSource {
  const [height, width, channels] = imageShape as ImageShape;
  const isShape = imageShape.length === 3 && imageShape.every((size) => Number.isInteger(size) && size > 0);
  if (!isShape || (channels !== 1 && channels !== 3)) {
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
  const bytes = height * width * channels;
  const idle: OffscreenCanvasRenderingContext2D[] = [];
  const readInto = async (index: number, into: Uint8Array) => {
    const picture = pictures[index];
    if (!picture) {
      throw new DataError({ what: `There is no picture ${index}`, expected: `0 to ${pictures.length - 1}` });
    }
    const bitmap = await decode(picture);
    const context = idle.pop() ?? new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
    drawPicture(context, bitmap, bitmap, fit);
    bitmap.close();
    const { data } = context.getImageData(0, 0, width, height);
    idle.push(context);
    for (let from = 0, to = 0; to < into.length; from += 4) {
      for (let c = 0; c < channels; c++) into[to++] = data[from + c]!;
    }
  };
  return {
    kind: 'pictures',
    read: async (indices) => {
      const images = new Uint8Array(indices.length * bytes);
      let next = 0;
      const decodeNext = async () => {
        while (next < indices.length) {
          const at = next++;
          await readInto(indices[at]!, images.subarray(at * bytes, (at + 1) * bytes));
        }
      };
      await Promise.all(Array.from({ length: mostAtOnce }, decodeNext));
      return images;
    },
  };
}

async function decode({ path, file }: EncodedPicture): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file instanceof Blob ? file : new Blob([await file.arrayBuffer()]), pictureDecoding);
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
