import {
  type Cleaning,
  cleanDatasets,
  createDatasets,
  type Finding,
  findings,
  inspectDatasets,
  type TrainAndTest,
  type TrainAndTestParts,
} from '../../../index.ts';

/** The number of images with each finding in each part, and the classes without images. */
export interface Findings {
  counts: { finding: Finding; train: number; test: number }[];
  emptyClasses: string[];
  /** Nothing was checked, because the pictures remain in their files. */
  isUnchecked?: boolean;
}

/** Images with numbers instead of classes, and pictures that remain in their files, are not checked. */
const canBeChecked = ({ train: { classNames, targets, source } }: TrainAndTestParts) =>
  !source && (!targets || classNames?.length !== 0);

export function findingsIn(parts: TrainAndTestParts): Findings {
  if (!canBeChecked(parts)) return { counts: [], emptyClasses: [], isUnchecked: parts.train.source !== undefined };
  const { train, test, classNames } = inspectDatasets(parts);
  return {
    counts: findings.map((finding) => ({
      finding,
      train: train.found[finding].length,
      test: test.found[finding].length,
    })),
    emptyClasses: train.emptyClasses.map((label) => classNames[label]!),
  };
}

/** Images whose labels are not a class cannot be used for training; all others remain until the user leaves them out. */
export function cleaned(parts: TrainAndTestParts, out: readonly Finding[]): TrainAndTest {
  if (!canBeChecked(parts)) return createDatasets(parts);
  const cleaning: Cleaning = { ...Object.fromEntries(out.map((finding) => [finding, true])), labels: true };
  return cleanDatasets(parts, cleaning);
}
