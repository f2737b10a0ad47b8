import { ConfigurationError } from '../errors.ts';
import { mebibytes } from '../gpu/memory.ts';
import { product } from '../product.ts';

/**
 * Layout of a data set's images on the GPU. A streamed data set has a window of `chunks` chunks, each with the images of some
 * steps; the host fills one while the steps of another run.
 */
export interface ImageWindow {
  /** Samples per chunk, a multiple of those per step. */
  chunk: number;
  /** Number of chunks in the window, at least 2. */
  chunks: number;
  /** Images per sample: 1, or 2 if samples are mixed with a partner. */
  each: 1 | 2;
  /** Pixels from one image to the next: a multiple of four, so that each image starts at a word boundary. */
  stridePixels: number;
  /** The same in bytes. */
  strideBytes: number;
}

/** Where a data set's images are stored while it is used. */
export type Residency =
  | { kind: 'resident' }
  /** All on the GPU in several buffers, from which chunks are copied to the window. */
  | { kind: 'paged'; window: ImageWindow }
  | { kind: 'streamed'; window: ImageWindow };

/** The images of a data set, and the memory available for them. */
export interface ImageDemand {
  imageShape: readonly number[];
  count: number;
  /** Samples per step. */
  step: number;
  /** True if samples are mixed with partners. */
  paired: boolean;
  /** GPU memory for the images in bytes; if undefined, it is derived from the adapter's limits. */
  budget?: number;
  /** Maximum binding size in bytes. */
  mostBytes: number;
}

/** Without a budget, a data set may use this many of the largest bindings, since no adapter reports its memory. */
const bindingsByDefault = 2;
/** Small enough that the first chunk arrives soon, and enough chunks that a slow read does not empty the window. */
const mostChunkBytes = 8 * 2 ** 20;
const mostChunks = 32;
const fewestChunks = 2;

/** @throws ConfigurationError if not even the images of two steps fit. */
export function residencyOf(demand: ImageDemand): Residency {
  const { imageShape, count, budget, mostBytes } = demand;
  const bytes = count * product(imageShape);
  const most = budget ?? bindingsByDefault * mostBytes;
  if (bytes <= Math.min(most, mostBytes)) return { kind: 'resident' };
  const { stepBytes, strideBytes } = strideOf(demand);
  // Memory that remains for the window if all images are on the GPU.
  const left = Math.min(most - count * strideBytes, mostBytes);
  const isPaged = bytes > mostBytes && left >= fewestChunks * stepBytes;
  return isPaged
    ? { kind: 'paged', window: windowOf(demand, left) }
    : { kind: 'streamed', window: windowOf(demand, Math.min(most, mostBytes)) };
}

function strideOf({ imageShape, step, paired }: ImageDemand) {
  const [height, width, channels] = imageShape as [number, number, number];
  const stridePixels = Math.ceil((height * width) / 4) * 4;
  const strideBytes = stridePixels * channels;
  const each: 1 | 2 = paired ? 2 : 1;
  return { each, stridePixels, strideBytes, stepBytes: step * each * strideBytes };
}

function windowOf(demand: ImageDemand, most: number): ImageWindow {
  const { imageShape, step, budget } = demand;
  const { each, stridePixels, strideBytes, stepBytes } = strideOf(demand);
  const steps = Math.floor(most / stepBytes);
  if (steps < fewestChunks) {
    const images = `${step * each} images of ${imageShape.join(' x ')}`;
    throw new ConfigurationError({
      what: 'The images of two training steps do not fit the GPU memory that is left for them',
      found: `${mebibytes(most)} for steps of ${images}, ${mebibytes(stepBytes)} each`,
      expected: `at least ${mebibytes(fewestChunks * stepBytes)}`,
      fix:
        budget === undefined
          ? 'use a smaller batchSize or smaller images'
          : 'raise memoryBudget, or use a smaller batchSize, fewer accumulationSteps or smaller images',
      ...(budget !== undefined && { place: ['memoryBudget'] }),
    });
  }
  const atOnce = Math.max(1, Math.min(Math.floor(steps / (mostChunks / 2)), Math.floor(mostChunkBytes / stepBytes)));
  const chunks = Math.min(mostChunks, Math.floor(steps / atOnce));
  return { chunk: atOnce * step, chunks, each, stridePixels, strideBytes };
}

/** Size of the window's buffer in bytes. */
export const windowBytes = ({ chunk, chunks, each, strideBytes }: ImageWindow): number =>
  chunk * chunks * each * strideBytes;
