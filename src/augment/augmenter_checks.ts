import { integer, parse } from '../check.ts';
import { ConfigurationError } from '../errors.ts';
import { elementsOf } from './op.ts';
import type { Pipeline } from './pipeline.ts';

/** Checks an augmenter's arguments before any GPU work is submitted. */

/** Selects sampled parameters by epoch and by the samples' indices in the data set. */
export interface DrawOf {
  /** Epoch, counted from 1 as in the trainer. */
  epoch: number;
  /** Indices of the samples in the data set. */
  samples: ArrayLike<number>;
}

export const wholeNumber = integer(0, 2 ** 32 - 1);

/** Number of input images for a number of output images: twice as many with mixUp or cutMix, which need a partner for each. */
export const slotsOf = ({ paired }: Pipeline, count: number): number => (paired ? 2 * count : count);

/** @throws ConfigurationError */
export function requireImageShape(imageShape: readonly number[]): void {
  const isShape =
    Array.isArray(imageShape) && imageShape.length === 3 && imageShape.every((n) => Number.isInteger(n) && n > 0);
  if (isShape) return;
  throw new ConfigurationError({
    what: 'imageShape is invalid',
    found: imageShape,
    expected: 'three positive integers: [height, width, channels]',
  });
}

/** @throws ConfigurationError */
export function requireSamples(of: DrawOf): void {
  if (of?.samples?.length > 0) return;
  throw new ConfigurationError({
    what: 'Neither parameters nor an epoch are given',
    found: of,
    expected: '{ epoch, samples: [...] } with at least one sample',
  });
}

/** @throws ConfigurationError if the number or the shape of the images doesn't match the requested results. */
export function requireImages(pipeline: Pipeline, images: Uint8Array | Float32Array, count: number): void {
  const { height, width, channels } = pipeline.from;
  const slots = slotsOf(pipeline, count);
  const expected = slots * elementsOf(pipeline.from);
  const typed = images instanceof Uint8Array || images instanceof Float32Array;
  if (typed && images.length === expected && count > 0) return;
  const partners = pipeline.paired ? ', their partners after them' : '';
  throw new ConfigurationError({
    what: "The images don't match the parameters",
    found: `${(images as object)?.constructor?.name} of ${(images as ArrayLike<number>)?.length}, for ${count} images`,
    expected: `a Uint8Array or Float32Array of ${slots} x ${height} x ${width} x ${channels} = ${expected} numbers${partners}`,
  });
}

/** @param count number of images in the data set, from which partners are chosen. @throws ConfigurationError */
export function requireDraw({ paired }: Pipeline, { epoch, samples }: DrawOf, count: number | undefined): void {
  parse(wholeNumber, epoch, 'epoch');
  for (const sample of Array.from(samples)) parse(wholeNumber, sample, 'a sample');
  if (!paired || count !== undefined) return;
  throw new ConfigurationError({
    what: 'The number of images from which partners are drawn is missing',
    expected: 'createAugmenter(gpu, { count: <images of the data set>, ... })',
  });
}
