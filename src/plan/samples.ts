import type { Dataset } from '../data/dataset.ts';
import { partOfSource } from '../image_source.ts';
import { product } from '../product.ts';

type Values = Uint8Array | Uint16Array | Float32Array;

/**
 * A data set with a subset of the samples.
 *
 * @param indexOf maps an index in the subset to one in the data set.
 * @param part selects the subset's values; a sample has `each` of them.
 */
function withSamples(
  dataset: Dataset,
  count: number,
  indexOf: (index: number) => number,
  part: <T extends Values>(values: T, each: number) => T,
): Dataset {
  const { images, labels, targets, targetNames, sampleWeights, imageShape, source } = dataset;
  return {
    ...dataset,
    count,
    ...(source ? { source: partOfSource(source, indexOf) } : { images: part(images, product(imageShape)) }),
    labels: part(labels, 1),
    ...(targets && { targets: part(targets, targetNames!.length) }),
    ...(sampleWeights && { sampleWeights: part(sampleWeights, 1) }),
  };
}

/** A view of `count` images from `start`. */
export const sliceDataset = (dataset: Dataset, start: number, count: number): Dataset =>
  withSamples(
    dataset,
    count,
    (index) => start + index,
    <T extends Values>(values: T, each: number) => values.subarray(start * each, (start + count) * each) as T,
  );

/** A copy of the images at the given indices, in that order. */
export function pickSamples(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  const count = indices.length;
  const pick = <T extends Values>(values: T, each: number) => {
    const picked = emptyLike(values, count * each);
    for (let to = 0; to < count; to++) {
      const from = indices[to]!;
      picked.set(values.subarray(from * each, (from + 1) * each), to * each);
    }
    return picked;
  };
  return withSamples(dataset, count, (index) => indices[index]!, pick);
}

/** Creates a plain typed array, because the constructor of a Node Buffer would create another Buffer. */
const emptyLike = <T extends Values>(values: T, length: number) =>
  (values instanceof Float32Array
    ? new Float32Array(length)
    : values instanceof Uint16Array
      ? new Uint16Array(length)
      : new Uint8Array(length)) as T;

/** True if its samples have classes rather than targets only. */
export const hasClasses = ({ classNames }: Pick<Dataset, 'classNames'>): boolean => classNames.length > 0;
