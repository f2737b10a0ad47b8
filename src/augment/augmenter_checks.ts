import { integer, parse } from '../check.ts';
import { ConfigurationError } from '../errors.ts';
import { elementsOf } from './op.ts';
import type { Pipeline } from './pipeline.ts';

/** Checks of an augmenter's arguments, before anything reaches the GPU. */

/** Which draws: those of these samples, by their index in the data set, in this epoch. */
export interface DrawOf {
  /** From 1, as the trainer counts. */
  epoch: number;
  /** Their indices in the data set. */
  samples: ArrayLike<number>;
}

export const wholeNumber = integer(0, 2 ** 32 - 1);

/** Images that go in, for so many that come out: with mixUp or cutMix their partners, too. */
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

/** @throws ConfigurationError where images are not as many, or not of the shape, that so many results need. */
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

/** @param count images of the data set, from which partners are drawn. @throws ConfigurationError */
export function requireDraw({ paired }: Pipeline, { epoch, samples }: DrawOf, count: number | undefined): void {
  parse(wholeNumber, epoch, 'epoch');
  for (const sample of Array.from(samples)) parse(wholeNumber, sample, 'a sample');
  if (!paired || count !== undefined) return;
  throw new ConfigurationError({
    what: 'The number of images that partners are drawn from is not given',
    expected: 'createAugmenter(gpu, { count: <images of the data set>, ... })',
  });
}
