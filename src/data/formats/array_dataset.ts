import { DataError } from '../../errors.ts';
import type { DatasetParts } from '../dataset.ts';
import type { UserDataset } from '../reading_report.ts';
import { type Split, splits } from '../splits.ts';
import { arranged, bytesOfValues, type ImageValues, layoutOf } from './image_values.ts';
import { type LabelValues, labelsFrom } from './label_values.ts';
import { assemble, type FileReport } from './split_files.ts';

/** Images and labels of one split, as arrays. */
export interface ArrayPair {
  images: ImageValues;
  labels: LabelValues;
}

/**
 * Creates a data set from arrays of images and labels.
 *
 * @throws DataError if the numbers of labels and images of a split differ, or if the splits have different image sizes.
 */
export function arrayDataset(
  found: Partial<Record<Split, ArrayPair>>,
  report: FileReport,
  { validationSplit, stretch, names }: { validationSplit?: number; stretch?: boolean; names?: readonly string[] },
): UserDataset {
  const pairs = splits.flatMap((split) => (found[split] ? [{ split, ...found[split]! }] : []));
  for (const { images, labels } of pairs) {
    const [count] = images.shape;
    if (count === 0)
      throw new DataError({ what: `${images.path} is empty`, found: '0 images', expected: 'at least one' });
    if (count === labels.values.length / labels.width) continue;
    throw new DataError({
      what: `${labels.path} and ${images.path} differ in their number of labels and images`,
      found: `${labels.values.length / labels.width} labels`,
      expected: `${count}, one for each image`,
      fix: 'use images and labels of the same split',
    });
  }
  const layouts = pairs.map(({ images }) => layoutOf(images));
  const other = layouts.findIndex(({ imageShape }) => String(imageShape) !== String(layouts[0]!.imageShape));
  if (other >= 0) {
    throw new DataError({
      what: 'The splits have images of different sizes',
      found: `${layouts[other]!.imageShape.join(' x ')} in ${pairs[other]!.images.path}`,
      expected: layouts[0]!.imageShape.join(' x '),
      fix: 'use the files of only one data set',
    });
  }
  const { bytes, note } = bytesOfValues(
    pairs.map(({ images }) => images),
    stretch,
  );
  const labels = labelsFrom(Object.fromEntries(pairs.map(({ split, labels }) => [split, labels])), names);
  const parts: Partial<Record<Split, DatasetParts>> = {};
  const from: Partial<Record<Split, string[]>> = {};
  for (const [i, { split, images, labels: own }] of pairs.entries()) {
    const { classNames } = labels;
    parts[split] = {
      ...arranged(bytes[i]!, images.shape[0]!, layouts[i]!),
      ...labels.of[split]!,
      ...(classNames && { classNames }),
    };
    from[split] = [...new Set([images.path, own.path])];
  }
  const notes = [
    ...report.notes,
    ...layouts.flatMap(({ note }) => note ?? []),
    ...(note ? [note] : []),
    ...labels.notes,
  ];
  return assemble(parts, from, { ...report, notes: [...new Set(notes)] }, validationSplit);
}
