import { type ImageShape, namesClass, type Part, type TrainAndTestParts } from './dataset.ts';
import { examine, type Finding, findings, look, type SameImages, where } from './findings.ts';

/** What was found in one part of a data set. */
export interface PartInspection {
  /** Images. */
  count: number;
  /** Images of each class. */
  classCounts: number[];
  /** The classes without an image. */
  emptyClasses: number[];
  /** The images with each finding, in order. An image can stand under several. */
  found: Record<Finding, number[]>;
}

/** What `inspectDatasets` found. */
export interface Inspection {
  /** Height, width and channels of every image. */
  imageShape: ImageShape;
  /** A name for each class. */
  classNames: string[];
  /** In the training images. */
  train: PartInspection;
  /** In the test images. */
  test: PartInspection;
  /** All images that are there more than once, in the order of the first of each. */
  same: SameImages[];
}

/**
 * Looks at a data set before anything is uploaded: class counts, and every kind of finding (see `findings`). It takes
 * data sets, and also parts that createDataset would refuse for their labels. The classes are the training part's;
 * where it doesn't name them, "0" up to its largest label that is a byte.
 *
 * @throws DataError where the parts don't come out even, or differ in their images' shape.
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

/** How many images each class has; labels that name no class count nowhere. */
export function countClasses(labels: ArrayLike<number>, classes: number): number[] {
  const counts: number[] = Array(classes).fill(0);
  for (let i = 0; i < labels.length; i++) if (namesClass(labels[i]!, classes)) counts[labels[i]!]!++;
  return counts;
}
