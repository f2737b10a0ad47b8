import { ConfigurationError, DataError } from '../errors.ts';
import { counted } from '../figures.ts';
import { bytesAnImage, type DatasetParts, type ImageShape, measure, type TrainAndTestParts } from './dataset.ts';
import { imagesOfSource } from './picture_source.ts';

/** Default fraction of the images that is held out. */
export const defaultValidationSplit = 0.2;

/**
 * Splits a data set that comes in one part: holds out every fifth image of each class (for a fraction of 0.2), in the original
 * order, and at least one if the class has two or more.
 *
 * @param validationSplit fraction of each class that is held out, from 0 (none) up to but not including 1.
 * @throws ConfigurationError for another fraction.
 * @throws DataError if the numbers of images and labels differ.
 */
export function holdOut(parts: DatasetParts, validationSplit: number = defaultValidationSplit): TrainAndTestParts {
  const share = requireSplit(validationSplit);
  const { imageShape, count } = parts.source
    ? { imageShape: parts.imageShape as ImageShape, count: parts.labels.length }
    : measure(parts);
  const sizes = new Map<number, number>();
  for (let i = 0; i < count; i++) sizes.set(parts.labels[i]!, (sizes.get(parts.labels[i]!) ?? 0) + 1);
  const seen = new Map<number, number>();
  const isHeld = Array.from({ length: count }, (_, i) => {
    const label = parts.labels[i]!;
    const before = seen.get(label) ?? 0;
    seen.set(label, before + 1);
    const size = sizes.get(label)!;
    // If a class is too small for the fraction, hold out its last image.
    if (heldOf(size, share) === 0) return share > 0 && size > 1 && before === size - 1;
    return heldOf(before + 1, share) > heldOf(before, share);
  });
  const take = (held: boolean) =>
    partOf(
      parts,
      imageShape,
      isHeld.flatMap((it, i) => (it === held ? [i] : [])),
    );
  return { train: take(false), test: take(true) };
}

/** A fraction such as 0.2 is not exact in binary; the tolerance makes five times 0.2 equal 1. */
const heldOf = (count: number, share: number) => Math.floor(count * share + 1e-9);

export function requireSplit(share: number): number {
  if (typeof share === 'number' && share >= 0 && share < 1) return share;
  throw new ConfigurationError({
    what: 'Invalid validationSplit',
    found: share,
    expected: 'a number >= 0 and < 1; 0 holds out nothing',
  });
}

function partOf(parts: DatasetParts, imageShape: ImageShape, indices: readonly number[]): DatasetParts {
  const { source, targets } = parts;
  const bytes = source ? 0 : bytesAnImage(imageShape);
  const images = new Uint8Array(indices.length * bytes);
  const outputs = targets ? targets.length / parts.labels.length : 0;
  for (const [to, from] of indices.entries()) {
    images.set(parts.images.subarray(from * bytes, (from + 1) * bytes), to * bytes);
  }
  return {
    ...parts,
    images,
    ...(source && { source: imagesOfSource(source, imageShape, indices) }),
    labels: indices.map((i) => parts.labels[i]!),
    ...(targets && {
      targets: Float32Array.from(indices.flatMap((i) => [...targets.subarray(i * outputs, (i + 1) * outputs)])),
    }),
  };
}

/**
 * Holds out images of a user's data set that has no validation split.
 *
 * @returns also a description of how this was done; undefined if nothing was to be held out.
 * @throws DataError if no class has two images.
 */
export function holdOutOf(
  parts: DatasetParts,
  validationSplit: number = defaultValidationSplit,
): TrainAndTestParts & { heldOut?: string } {
  const { train, test } = holdOut(parts, validationSplit);
  if (validationSplit === 0) return { train, test };
  if (test.labels.length === 0) {
    const classes = new Set(Array.from(parts.labels)).size;
    throw new DataError({
      what: 'There are too few images to hold out one for validation',
      found: `${counted(parts.labels.length, 'image')} of ${classes === 1 ? '1 class' : `${classes} classes`}, one of each`,
      expected: 'at least 2 images of a class: one to train with and one to validate with',
      fix: 'add images, or train without validation: --validation-split 0 of the command, validationSplit: 0 of the library',
    });
  }
  const share = `${Number((100 * validationSplit).toFixed(2))} %`;
  const ofWhat =
    parts.targets && parts.classNames?.length === 0
      ? 'spread evenly'
      : 'of each class, and at least one where it has two';
  return { train, test, heldOut: `held out of them: ${share} ${ofWhat}` };
}
