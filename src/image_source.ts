import { DataError } from './errors.ts';
import type { PictureFit } from './picture_fit.ts';
import { product } from './product.ts';

/**
 * Images stored outside the data set, in files or on a server, which are read while earlier ones are trained on. Reading an index
 * again gives the same bytes.
 */
export interface ImageSource {
  /** Where the images are stored, in words for a report: 'files', 'a server'; 'memory' for a data set that holds its images. */
  kind: string;
  /**
   * Reads the images at the given indices, in that order: bytes [n, height, width, channels]. Up to two reads may be in progress.
   *
   * @param indices counted from 0; an index may occur twice.
   */
  read(indices: Uint32Array): Promise<Uint8Array>;
}

/** The part of a data set that images are read from. */
interface Readable {
  images: Uint8Array;
  imageShape: readonly number[];
  source?: ImageSource;
}

/** The images of a data set, from memory or from its own source. */
export function sourceOfImages({ images, imageShape, source }: Readable): ImageSource {
  const bytes = product(imageShape);
  if (source)
    return { kind: source.kind, read: async (indices) => checked(await source.read(indices), indices, bytes) };
  return {
    kind: 'memory',
    read: async (indices) => {
      const read = new Uint8Array(indices.length * bytes);
      for (const [to, from] of indices.entries())
        read.set(images.subarray(from * bytes, (from + 1) * bytes), to * bytes);
      return read;
    },
  };
}

/** @throws DataError if the source returned a different number of bytes than requested. */
function checked(read: Uint8Array, { length }: Uint32Array, bytes: number): Uint8Array {
  if (read instanceof Uint8Array && read.length === length * bytes) return read;
  throw new DataError({
    what: 'The source of the images returned different bytes than requested',
    found: read instanceof Uint8Array ? `${read.length} bytes` : read,
    expected: `${length * bytes}: ${length} images of ${bytes} bytes`,
    fix: 'read(indices) resolves with a Uint8Array [indices.length, height, width, channels]',
  });
}

/** A subset of a source's images. @param indexOf maps an index of the subset to one of the source. */
export const partOfSource = (source: ImageSource, indexOf: (index: number) => number): ImageSource => ({
  kind: source.kind,
  read: (indices) => source.read(indices.map((index) => indexOf(index))),
});

/** A picture that is still encoded: a File, another Blob, or an object that reads the bytes when they are needed. */
export interface EncodedPicture {
  /** Path for error messages. */
  path: string;
  /** The file, a Blob or any other object that returns its bytes: PNG, JPEG, or another format that the browser decodes. */
  file: Pick<Blob, 'arrayBuffer'>;
}

/** The levels of 16-bit pictures that are mapped to 0 and 255. */
export interface PictureLevels {
  /** Becomes 0. */
  from: number;
  /** Becomes 255. */
  to: number;
}

/** A source that exposes its encoded pictures, so that they can be decoded elsewhere. */
export interface PictureSource extends ImageSource {
  readonly pictures: readonly EncodedPicture[];
  readonly fit: PictureFit;
  /** The levels to which 16-bit pictures are stretched, if requested. */
  readonly levels?: PictureLevels;
}

/** The source of a data set whose images are picture files; undefined for other sources. */
export const picturesOf = (source: ImageSource | undefined): PictureSource | undefined =>
  source && 'pictures' in source ? (source as PictureSource) : undefined;

/** Where a data set's images were kept while they were used, and the cost of transferring them to the GPU. */
export interface ImageUse {
  /** `resident`: all images stay on the GPU. `streamed`: only the next chunks are on the GPU. */
  kind: 'resident' | 'streamed';
  /** Where streamed images are read from. */
  from: string;
  /** Number of images in the data set. */
  images: number;
  /** Size of all images in bytes. */
  bytes: number;
  /** GPU memory that the images take, in bytes. */
  gpuBytes: number;
  /** Number of GPU buffers that hold the images: more than one if they exceed the size limit of a binding. */
  buffers: number;
  /** Images per chunk, if streamed; `chunks` chunks are on the GPU at once. */
  chunkImages?: number;
  /** Number of chunks on the GPU at once. */
  chunks?: number;
  /** Number of images read and uploaded; an image that is read twice counts twice. */
  imagesRead?: number;
  /** Milliseconds that the GPU was idle while it waited for images, without `firstWaitMs`. */
  waitMs?: number;
  /** Milliseconds that the GPU waited for images before the first step. */
  firstWaitMs?: number;
  /** Milliseconds spent reading and decoding images. */
  readMs?: number;
  /** Milliseconds from the first step to the last. */
  elapsedMs?: number;
  /** Images per second that the source delivered while it was reading. */
  readRate?: number;
  /** Images per second trained on or evaluated, not counting the time spent waiting for images. */
  useRate?: number;
}

/** Where `fit` read its images from. */
export interface ImagesUsed {
  /** Use of the training images. */
  training: ImageUse;
  /** Use of the validation images. */
  validation?: ImageUse;
}

/** Fraction of the time spent waiting for images, 0 to 1, without the first wait. */
export const waitingShare = ({ waitMs = 0, elapsedMs = 0 }: ImageUse): number =>
  elapsedMs > 0 ? Math.min(1, waitMs / elapsedMs) : 0;

/** A source limits a run from this fraction of waiting time on. */
export const limitingShare = 0.05;
