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
 * Possible faults of an image, in the order in which cleaning looks for them:
 * - labels: its label names no class;
 * - constant: all its pixels have one color, blank or not (an image of a single pixel is not called that);
 * - conflicts: some image of either part has the same bytes and another label, so that one of the two is wrong;
 * - leaks: a test image whose bytes are also a training image's;
 * - duplicates: an earlier image of its part has the same bytes and the same label.
 */
export const findings = ['labels', 'constant', 'conflicts', 'leaks', 'duplicates'] as const;
/** A kind of fault in a data set: see `findings`. */
export type Finding = (typeof findings)[number];

/** Indices of images in either part. */
export type Indices = Record<Part, number[]>;

/** Two images or more that are equal in every byte. */
export interface SameImages extends Indices {
  /** The labels that they have, each once. Numbers in place of classes have none: each different row of them is then one, from 0. */
  labels: number[];
}

/** The facts about a data set that its findings follow from. */
export interface Facts {
  imageShape: ImageShape;
  classNames: string[];
  labels: Record<Part, ArrayLike<number>>;
  badLabels: Indices;
  constant: Indices;
  /** All images that are there more than once, in the order of the first of each. */
  same: SameImages[];
}

/** Looks at every byte once. Throws a DataError where the parts don't come out even, or differ in their images' shape. */
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

/** Whether a data set has numbers for a regression, and no classes. */
export const isOfNumbers = ({ train }: TrainAndTestParts): boolean =>
  train.targets !== undefined && train.classNames?.length === 0;

/**
 * The labels by which equal images are compared. Where a data set has numbers in place of classes, each different row of them counts as a
 * label: 0 for the first image's, and so on.
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

/** The images with one finding, among those that are not gone. */
export function look(finding: Finding, facts: Facts, gone: Record<Part, ReadonlySet<number>> = nothing): Indices {
  const left = ({ train, test }: Indices): Indices => ({
    train: train.filter((i) => !gone.train.has(i)),
    test: test.filter((i) => !gone.test.has(i)),
  });
  if (finding === 'labels') return left(facts.badLabels);
  if (finding === 'constant') return left(facts.constant);
  const groups = facts.same.map((group) => among[finding](left(group), facts.labels));
  // Groups stand in the order of their first images: the indices of several are out of order.
  const all = (part: Part) => groups.flatMap((group) => group[part]).sort((a, b) => a - b);
  return { train: all('train'), test: all('test') };
}

export const where = (count: number, holds: (i: number) => boolean): number[] => {
  const indices: number[] = [];
  for (let i = 0; i < count; i++) if (holds(i)) indices.push(i);
  return indices;
};

const nothing = { train: new Set<number>(), test: new Set<number>() };

/** Which images of a group of equal ones have a finding. */
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

/** A label that does not fit into a byte is a finding and does not raise the number of classes, unless the type of the labels is wider. */
function namesByLabels(labels: ArrayLike<number>): string[] {
  const most = labels instanceof Uint16Array || labels instanceof Uint32Array ? mostClasses : mostByteClasses;
  let largest = 0;
  for (let i = 0; i < labels.length; i++) if (namesClass(labels[i]!, most)) largest = Math.max(largest, labels[i]!);
  return numberedNames(largest + 1);
}
