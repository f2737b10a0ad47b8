import type { Dataset } from '../data/dataset.ts';
import { product } from '../model/layer.ts';

/** `count` images from `start` on, as a view. */
export function sliceDataset(dataset: Dataset, start: number, count: number): Dataset {
  const { images, labels, targets, targetNames, sampleWeights, imageShape } = dataset;
  const part = <T extends Uint8Array | Uint16Array | Float32Array>(values: T, each: number) =>
    values.subarray(start * each, (start + count) * each) as T;
  return {
    ...dataset,
    count,
    images: part(images, product(imageShape)),
    labels: part(labels, 1),
    ...(targets && { targets: part(targets, targetNames!.length) }),
    ...(sampleWeights && { sampleWeights: part(sampleWeights, 1) }),
  };
}

/** The images at some indices, in their order, as a copy. */
export function pickSamples(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  const { images, labels, targets, targetNames, sampleWeights, imageShape } = dataset;
  const bytes = product(imageShape);
  const outputs = targetNames?.length ?? 0;
  const count = indices.length;
  const picked = {
    images: new Uint8Array(count * bytes),
    labels: labels instanceof Uint16Array ? new Uint16Array(count) : new Uint8Array(count),
    targets: new Float32Array(count * outputs),
  };
  for (let to = 0; to < count; to++) {
    const from = indices[to]!;
    picked.labels[to] = labels[from]!;
    picked.images.set(images.subarray(from * bytes, (from + 1) * bytes), to * bytes);
    if (targets) picked.targets.set(targets.subarray(from * outputs, (from + 1) * outputs), to * outputs);
  }
  return {
    ...dataset,
    images: picked.images,
    labels: picked.labels,
    ...(targets && { targets: picked.targets }),
    ...(sampleWeights && {
      sampleWeights: Float32Array.from({ length: count }, (_, i) => sampleWeights[indices[i]!]!),
    }),
    count,
  };
}

/** Whether its samples have classes, and not targets alone. */
export const hasClasses = ({ classNames }: Pick<Dataset, 'classNames'>): boolean => classNames.length > 0;
