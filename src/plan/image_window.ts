import { ConfigurationError } from '../errors.ts';
import { mebibytes } from '../gpu/memory.ts';
import { product } from '../product.ts';

/**
 * How the images of a data set lie on the GPU. Streamed, a window of it holds those that are trained on next: `chunks` chunks, each
 * of the images of some steps. The host fills one while the steps of another run.
 */
export interface ImageWindow {
  /** Samples of a chunk, a multiple of a step's. */
  chunk: number;
  /** Chunks in the window, 2 or more. */
  chunks: number;
  /** Images that a sample needs: itself, and a partner to be mixed with. */
  each: 1 | 2;
  /** Pixels from one image to the next: a multiple of four, so that an image begins at a whole word. */
  stridePixels: number;
  /** The same in bytes. */
  strideBytes: number;
}

/** Where the images of a data set are while it is used. */
export type Residency =
  | { kind: 'resident' }
  /** All on the GPU in several buffers, from which chunks are copied into the window. */
  | { kind: 'paged'; window: ImageWindow }
  | { kind: 'streamed'; window: ImageWindow };

/** Images of a data set, and what the GPU has for them. */
export interface ImageDemand {
  imageShape: readonly number[];
  count: number;
  /** Samples of a step. */
  step: number;
  /** Samples are mixed with partners. */
  paired: boolean;
  /** Bytes of GPU memory for the images; undefined for as much as the adapter's limits suggest. */
  budget?: number;
  /** The largest binding, in bytes. */
  mostBytes: number;
}

/** Without a budget, a data set may take this many of the largest bindings: no adapter tells how much memory it has. */
const bindingsByDefault = 2;
/** Chunks are small enough for the first one to be there soon, and so many that a slow read does not empty the window. */
const mostChunkBytes = 8 * 2 ** 20;
const mostChunks = 32;
const fewestChunks = 2;

/** @throws ConfigurationError where not even the images of two steps fit. */
export function residencyOf(demand: ImageDemand): Residency {
  const { imageShape, count, budget, mostBytes } = demand;
  const bytes = count * product(imageShape);
  const most = budget ?? bindingsByDefault * mostBytes;
  if (bytes <= Math.min(most, mostBytes)) return { kind: 'resident' };
  const { stepBytes, strideBytes } = strideOf(demand);
  // What all of them on the GPU would leave for a window, to which the next ones are copied.
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

/** Bytes of the window's buffer. */
export const windowBytes = ({ chunk, chunks, each, strideBytes }: ImageWindow): number =>
  chunk * chunks * each * strideBytes;
