import { DataError } from './errors.ts';
import type { PictureFit } from './picture_fit.ts';
import { product } from './product.ts';

/**
 * Images that lie outside the data set, in files or on a server: they are read while others are trained on. Every call for an
 * index gives the same bytes.
 */
export interface ImageSource {
  /** Where they lie, in words for a report: 'files', 'a server'; 'memory' for a data set that holds its images. */
  kind: string;
  /**
   * The images at some indices, in their order: bytes [n, height, width, channels]. Up to two calls may be under way.
   *
   * @param indices from 0 on; an image may be asked for twice.
   */
  read(indices: Uint32Array): Promise<Uint8Array>;
}

/** What images are read from: a data set. */
interface Readable {
  images: Uint8Array;
  imageShape: readonly number[];
  source?: ImageSource;
}

/** The images of a data set, wherever they lie. */
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

/** @throws DataError for another number of bytes than were asked for. */
function checked(read: Uint8Array, { length }: Uint32Array, bytes: number): Uint8Array {
  if (read instanceof Uint8Array && read.length === length * bytes) return read;
  throw new DataError({
    what: 'The source of the images gave other bytes than it was asked for',
    found: read instanceof Uint8Array ? `${read.length} bytes` : read,
    expected: `${length * bytes}: ${length} images of ${bytes} bytes`,
    fix: 'read(indices) resolves with a Uint8Array [indices.length, height, width, channels]',
  });
}

/** Some images of a source. @param indexOf the index in the source of an image here. */
export const partOfSource = (source: ImageSource, indexOf: (index: number) => number): ImageSource => ({
  kind: source.kind,
  read: (indices) => source.read(indices.map((index) => indexOf(index))),
});

/** A picture's bytes, encoded: a File or another Blob, or what reads them when they are needed. */
export interface EncodedPicture {
  /** Named in errors. */
  path: string;
  /** The file, a Blob or anything else that gives its bytes: PNG, JPEG, or what else the browser decodes. */
  file: Pick<Blob, 'arrayBuffer'>;
}

/** A source that exposes its encoded pictures, so that they can be decoded elsewhere. */
export interface PictureSource extends ImageSource {
  readonly pictures: readonly EncodedPicture[];
  readonly fit: PictureFit;
}

/** The source of a data set whose images are pictures in files. */
export const picturesOf = (source: ImageSource | undefined): PictureSource | undefined =>
  source && 'pictures' in source ? (source as PictureSource) : undefined;

/** Where the images of a data set were while they were used, and what it took to bring them to the GPU. */
export interface ImageUse {
  /** `resident`: all images stay on the GPU. `streamed`: only the next chunks of them are there. */
  kind: 'resident' | 'streamed';
  /** Where the images that are streamed come from. */
  from: string;
  /** Images of the data set. */
  images: number;
  /** Bytes of all of them. */
  bytes: number;
  /** Bytes of GPU memory that they take. */
  gpuBytes: number;
  /** Buffers on the GPU that hold them: several where they are larger than one binding. */
  buffers: number;
  /** Images of a chunk, of those that are streamed; `chunks` of them lie on the GPU. */
  chunkImages?: number;
  /** Chunks that lie on the GPU at once. */
  chunks?: number;
  /** Images that were read and uploaded, each as often as it was. */
  imagesRead?: number;
  /** Milliseconds in which the GPU had nothing to do, because the next images were not there; without `firstWaitMs`. */
  waitMs?: number;
  /** The same before the first step. */
  firstWaitMs?: number;
  /** Milliseconds in which images were being read and decoded. */
  readMs?: number;
  /** Milliseconds from the first step to the last. */
  elapsedMs?: number;
  /** Images a second that the source gave while it was reading. */
  readRate?: number;
  /** Images a second that were trained on or evaluated while none were waited for. */
  useRate?: number;
}

/** What `fit` used its images from. */
export interface ImagesUsed {
  /** Those that were trained on. */
  training: ImageUse;
  /** Those of the validation. */
  validation?: ImageUse;
}

/** The share of the time that was spent waiting for images, 0 to 1, without the first wait. */
export const waitingShare = ({ waitMs = 0, elapsedMs = 0 }: ImageUse): number =>
  elapsedMs > 0 ? Math.min(1, waitMs / elapsedMs) : 0;

/** From which share of the time on a source counts as what limits a run. */
export const limitingShare = 0.05;
