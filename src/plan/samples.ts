import type { Dataset } from '../data/dataset.ts';
import { partOfSource } from '../image_source.ts';
import { product } from '../product.ts';

type Values = Uint8Array | Uint16Array | Float32Array;

/**
 * A data set with some of the samples.
 *
 * @param indexOf the index in the data set of a sample here.
 * @param part takes their values out of all samples', `each` of them a sample.
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

/** `count` images from `start` on, as a view. */
export const sliceDataset = (dataset: Dataset, start: number, count: number): Dataset =>
  withSamples(
    dataset,
    count,
    (index) => start + index,
    <T extends Values>(values: T, each: number) => values.subarray(start * each, (start + count) * each) as T,
  );

/** The images at some indices, in their order, as a copy. */
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

/** An array's own constructor would make a Buffer from one of Node's Buffers. */
const emptyLike = <T extends Values>(values: T, length: number) =>
  (values instanceof Float32Array
    ? new Float32Array(length)
    : values instanceof Uint16Array
      ? new Uint16Array(length)
      : new Uint8Array(length)) as T;

/** Whether its samples have classes, and not targets alone. */
export const hasClasses = ({ classNames }: Pick<Dataset, 'classNames'>): boolean => classNames.length > 0;
