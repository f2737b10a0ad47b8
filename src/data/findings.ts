import { DataError } from '../errors.ts';
import {
  bytesAnImage,
  type DatasetParts,
  type ImageShape,
  measure,
  mostByteClasses,
  mostClasses,
  namesClass,
  numberedNames,
  type Part,
  type TrainAndTestParts,
} from './dataset.ts';
import { firstSame } from './same_images.ts';

/**
 * Possible faults of an image, in the order in which cleaning checks for them:
 * - labels: the label is not a valid class index;
 * - constant: all pixels have the same color (not applied to images of a single pixel);
 * - conflicts: another image in either part has identical bytes but a different label, so one of the two labels is wrong;
 * - leaks: a test image that is identical to a training image;
 * - duplicates: an earlier image of the same part has identical bytes and the same label.
 */
export const findings = ['labels', 'constant', 'conflicts', 'leaks', 'duplicates'] as const;
/** A kind of fault in a data set: see `findings`. */
export type Finding = (typeof findings)[number];

/** Indices of images in each part. */
export type Indices = Record<Part, number[]>;

/** Two or more images with identical bytes. */
export interface SameImages extends Indices {
  /**
   * The distinct labels of these images. If the data set has targets instead of classes, each distinct row of targets counts as a
   * label, numbered from 0.
   */
  labels: number[];
}

/** Facts about a data set from which its findings are derived. */
export interface Facts {
  imageShape: ImageShape;
  classNames: string[];
  labels: Record<Part, ArrayLike<number>>;
  badLabels: Indices;
  constant: Indices;
  /** Groups of identical images, in the order of their first images. */
  same: SameImages[];
}

/** Scans every byte once. Throws a DataError if the sizes of a part are inconsistent or the image shapes of the parts differ. */
export function examine(pair: TrainAndTestParts): Facts {
  const { imageShape } = measure(pair.train);
  const test = measure(pair.test);
  if (imageShape.some((size, axis) => size !== test.imageShape[axis])) {
    throw new DataError({
      what: "The test images have another shape than the training images'",
      found: test.imageShape.join(' x '),
      expected: imageShape.join(' x '),
    });
  }
  const classNames = [...(pair.train.classNames ?? namesByLabels(pair.train.labels))];
  const labels = comparedLabels(pair);
  const both = (indices: (part: DatasetParts) => number[]): Indices => ({
    train: indices(pair.train),
    test: indices(pair.test),
  });
  return {
    imageShape,
    classNames,
    labels,
    badLabels: isOfNumbers(pair)
      ? { train: [], test: [] }
      : both(({ labels }) => where(labels.length, (i) => !namesClass(labels[i]!, classNames.length))),
    constant: both(({ images }) => constantImages(images, imageShape)),
    same: sameImages(pair, labels, bytesAnImage(imageShape)),
  };
}

/** Whether a data set has numeric targets and no classes. */
export const isOfNumbers = ({ train }: TrainAndTestParts): boolean =>
  train.targets !== undefined && train.classNames?.length === 0;

/**
 * The labels by which identical images are compared. If a data set has targets instead of classes, each distinct row of them counts
 * as a label, numbered by first occurrence.
 */
function comparedLabels(pair: TrainAndTestParts): Facts['labels'] {
  if (!isOfNumbers(pair)) return { train: pair.train.labels, test: pair.test.labels };
  const known = new Map<string, number>();
  const ids = ({ targets = new Float32Array(), labels }: DatasetParts) => {
    const outputs = targets.length / labels.length;
    return Array.from({ length: labels.length }, (_, i) => {
      const row = targets.subarray(i * outputs, (i + 1) * outputs).join();
      if (!known.has(row)) known.set(row, known.size);
      return known.get(row)!;
    });
  };
  return { train: ids(pair.train), test: ids(pair.test) };
}

/** The images with a finding, excluding those that were already dropped. */
export function look(finding: Finding, facts: Facts, gone: Record<Part, ReadonlySet<number>> = nothing): Indices {
  const left = ({ train, test }: Indices): Indices => ({
    train: train.filter((i) => !gone.train.has(i)),
    test: test.filter((i) => !gone.test.has(i)),
  });
  if (finding === 'labels') return left(facts.badLabels);
  if (finding === 'constant') return left(facts.constant);
  const groups = facts.same.map((group) => among[finding](left(group), facts.labels));
  // Groups are ordered by their first images, so the concatenated indices must be sorted.
  const all = (part: Part) => groups.flatMap((group) => group[part]).sort((a, b) => a - b);
  return { train: all('train'), test: all('test') };
}

export const where = (count: number, holds: (i: number) => boolean): number[] => {
  const indices: number[] = [];
  for (let i = 0; i < count; i++) if (holds(i)) indices.push(i);
  return indices;
};

const nothing = { train: new Set<number>(), test: new Set<number>() };

/** Selects the images with a finding from a group of identical images. */
const among: Record<'conflicts' | 'leaks' | 'duplicates', (group: Indices, labels: Facts['labels']) => Indices> = {
  conflicts: (group, labels) => (labelsOf(group, labels).length > 1 ? group : { train: [], test: [] }),
  leaks: ({ train, test }) => ({ train: [], test: train.length > 0 ? test : [] }),
  duplicates: ({ train, test }, labels) => ({ train: again(train, labels.train), test: again(test, labels.test) }),
};

function again(indices: number[], labels: ArrayLike<number>): number[] {
  const seen = new Set<number>();
  return indices.filter((i) => seen.size === seen.add(labels[i]!).size);
}

const labelsOf = ({ train, test }: Indices, labels: Facts['labels']): number[] => [
  ...new Set([...train.map((i) => labels.train[i]!), ...test.map((i) => labels.test[i]!)]),
];

function sameImages({ train, test }: TrainAndTestParts, labels: Facts['labels'], bytes: number): SameImages[] {
  const groups = new Map<number, number[]>();
  firstSame([train.images, test.images], bytes).forEach((first, i) => {
    if (first === i) return;
    const group = groups.get(first);
    if (group) group.push(i);
    else groups.set(first, [first, i]);
  });
  const trainCount = train.labels.length;
  return [...groups.values()]
    .sort((a, b) => a[0]! - b[0]!)
    .map((group) => {
      const indices: Indices = {
        train: group.filter((i) => i < trainCount),
        test: group.filter((i) => i >= trainCount).map((i) => i - trainCount),
      };
      return { ...indices, labels: labelsOf(indices, labels) };
    });
}

function constantImages(images: Uint8Array, shape: ImageShape): number[] {
  const bytes = bytesAnImage(shape);
  const channels = shape[2];
  if (bytes === channels) return [];
  return where(images.length / bytes, (image) => {
    const end = (image + 1) * bytes;
    for (let at = image * bytes + channels; at < end; at++) if (images[at] !== images[at - channels]) return false;
    return true;
  });
}

/** A label beyond a byte is a finding and does not raise the number of classes, unless the labels have a wider type. */
function namesByLabels(labels: ArrayLike<number>): string[] {
  const most = labels instanceof Uint16Array || labels instanceof Uint32Array ? mostClasses : mostByteClasses;
  let largest = 0;
  for (let i = 0; i < labels.length; i++) if (namesClass(labels[i]!, most)) largest = Math.max(largest, labels[i]!);
  return numberedNames(largest + 1);
}
