import { sourceOfImages } from '../../../image_source.ts';
import type { Dataset } from '../../../index.ts';

/** Concatenated pixels of some images of a data set, from memory or from their files. */
export const pixelsAt = (dataset: Dataset, indices: readonly number[]): Promise<Uint8Array<ArrayBuffer>> =>
  sourceOfImages(dataset).read(Uint32Array.from(indices)) as Promise<Uint8Array<ArrayBuffer>>;
