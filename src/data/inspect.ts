import { type ImageShape, namesClass, type Part, type TrainAndTestParts } from './dataset.ts';
import { examine, type Finding, findings, look, type SameImages, where } from './findings.ts';

/** Findings in one part of a data set. */
export interface PartInspection {
  /** Number of images. */
  count: number;
  /** Number of images per class. */
  classCounts: number[];
  /** Classes without images. */
  emptyClasses: number[];
  /** Images with each finding, in order. An image may have several findings. */
  found: Record<Finding, number[]>;
}

/** The result of `inspectDatasets`. */
export interface Inspection {
  /** Height, width and channels of every image. */
  imageShape: ImageShape;
  /** Class names. */
  classNames: string[];
  /** Findings in the training images. */
  train: PartInspection;
  /** Findings in the test images. */
  test: PartInspection;
  /** Groups of identical images, in the order of their first images. */
  same: SameImages[];
}

/**
 * Inspects a data set before anything is uploaded: class counts, and every kind of finding (see `findings`). Takes data sets, and
 * also parts whose labels createDataset would reject. The classes are those of the training part; without class names they are "0"
 * up to its largest label that fits into a byte.
 *
 * @throws DataError if the sizes of a part are inconsistent or the image shapes of the parts differ.
 */
export function inspectDatasets(pair: TrainAndTestParts): Inspection {
  const facts = examine(pair);
  const { imageShape, classNames, same } = facts;
  const found = findings.map((finding) => [finding, look(finding, facts)] as const);
  const report = (part: Part): PartInspection => {
    const classCounts = countClasses(pair[part].labels, classNames.length);
    return {
      count: pair[part].labels.length,
      classCounts,
      emptyClasses: where(classCounts.length, (label) => classCounts[label] === 0),
      found: Object.fromEntries(found.map(([finding, indices]) => [finding, indices[part]])) as PartInspection['found'],
    };
  };
  return { imageShape, classNames, train: report('train'), test: report('test'), same };
}

/** Number of images per class; invalid labels are not counted. */
export function countClasses(labels: ArrayLike<number>, classes: number): number[] {
  const counts: number[] = Array(classes).fill(0);
  for (let i = 0; i < labels.length; i++) if (namesClass(labels[i]!, classes)) counts[labels[i]!]!++;
  return counts;
}
