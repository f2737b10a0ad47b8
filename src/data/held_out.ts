import { bytesAnImage, type DatasetParts, type ImageShape, measure, type TrainAndTestParts } from './dataset.ts';

/** Of five images one is held out. */
const every = 5;

/**
 * Holds images out for a data set that comes in one part: of each class every fifth, in the order that they have. A class
 * of fewer than five keeps all for training.
 *
 * @throws DataError where images and labels don't come out even.
 */
export function holdOut(parts: DatasetParts): TrainAndTestParts {
  const { imageShape, count } = measure(parts);
  const seen = new Map<number, number>();
  const isHeld = Array.from({ length: count }, (_, i) => {
    const before = seen.get(parts.labels[i]!) ?? 0;
    seen.set(parts.labels[i]!, before + 1);
    return before % every === every - 1;
  });
  const take = (held: boolean) =>
    partOf(
      parts,
      imageShape,
      isHeld.flatMap((it, i) => (it === held ? [i] : [])),
    );
  return { train: take(false), test: take(true) };
}

function partOf(parts: DatasetParts, imageShape: ImageShape, indices: readonly number[]): DatasetParts {
  const bytes = bytesAnImage(imageShape);
  const images = new Uint8Array(indices.length * bytes);
  for (const [to, from] of indices.entries()) {
    images.set(parts.images.subarray(from * bytes, (from + 1) * bytes), to * bytes);
  }
  return { ...parts, images, labels: indices.map((i) => parts.labels[i]!) };
}
