import { DataError } from '../errors.ts';
import { cifar10Names } from './class_names.ts';
import { createDataset, type Dataset, type DatasetParts } from './dataset.ts';

// The binary version of CIFAR-10 (https://www.cs.toronto.edu/~kriz/cifar.html): records of one label and three planes,
// red, green and blue, of 32 rows of 32 pixels. data_batch_1.bin to data_batch_5.bin and test_batch.bin hold 10,000 each.

const side = 32;
const pixels = side * side;
const imageBytes = 3 * pixels;
export const cifar10RecordBytes = 1 + imageBytes;

/**
 * Parses one or more CIFAR-10 batches, in order, with any number of records each.
 *
 * @param names names of the batches for error messages.
 * @throws DataError if a batch is empty or not a whole number of records, or if a label is 10 or more.
 */
export function parseCifar10(batches: readonly Uint8Array[], names?: readonly string[]): Dataset {
  const parts = parseCifar10Parts(batches, names);
  batches.forEach((batch, b) => {
    for (let at = 0; at < batch.length; at += cifar10RecordBytes) {
      if (batch[at]! < cifar10Names.length) continue;
      throw new DataError({
        what: `The label of record ${at / cifar10RecordBytes} of ${nameOf(b, names)} is outside the classes`,
        found: batch[at],
        expected: `a label from 0 to ${cifar10Names.length - 1}`,
        fix: 'download the file again',
      });
    }
  });
  return createDataset(parts);
}

/** Like parseCifar10, but without validating the labels, as inspectDatasets and cleanDatasets require. */
export function parseCifar10Parts(batches: readonly Uint8Array[], names?: readonly string[]): DatasetParts {
  const counts = batches.map((batch, b) => {
    const count = batch.length / cifar10RecordBytes;
    if (Number.isInteger(count) && count > 0) return count;
    throw new DataError({
      what: `${nameOf(b, names)} is not a whole number of CIFAR-10's records`,
      found: `${batch.length} bytes`,
      expected: `a multiple of ${cifar10RecordBytes}: a label and 3 planes of ${side} x ${side}, 10,000 times as published`,
      fix: 'use the binary version (data_batch_1.bin), neither the Python one nor CIFAR-100; else download the file again',
    });
  });
  const count = counts.reduce((sum, count) => sum + count, 0);
  const images = new Uint8Array(count * imageBytes);
  const labels = new Uint8Array(count);
  let at = 0;
  for (const batch of batches) {
    for (let record = 0; record < batch.length; record += cifar10RecordBytes, at++) {
      labels[at] = batch[record]!;
      let to = at * imageBytes;
      for (let red = record + 1; red < record + 1 + pixels; red++, to += 3) {
        images[to] = batch[red]!;
        images[to + 1] = batch[red + pixels]!;
        images[to + 2] = batch[red + 2 * pixels]!;
      }
    }
  }
  return { images, labels, imageShape: [side, side, 3], classNames: cifar10Names };
}

/** Formats 32 x 32 x 3 images in NHWC as a CIFAR-10 batch: the inverse of parseCifar10. */
export function formatCifar10(images: Uint8Array, labels: ArrayLike<number>): Uint8Array {
  const { count } = createDataset({ images, labels, imageShape: [side, side, 3], classNames: cifar10Names });
  const batch = new Uint8Array(count * cifar10RecordBytes);
  for (let i = 0; i < count; i++) {
    const record = i * cifar10RecordBytes;
    batch[record] = labels[i]!;
    let from = i * imageBytes;
    for (let red = record + 1; red < record + 1 + pixels; red++, from += 3) {
      batch[red] = images[from]!;
      batch[red + pixels] = images[from + 1]!;
      batch[red + 2 * pixels] = images[from + 2]!;
    }
  }
  return batch;
}

const nameOf = (batch: number, names?: readonly string[]) => names?.[batch] ?? `Batch ${batch + 1}`;
