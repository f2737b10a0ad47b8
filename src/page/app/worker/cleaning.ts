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

/** How many images of each part have each finding, and which classes have none. */
export interface Findings {
  counts: { finding: Finding; train: number; test: number }[];
  emptyClasses: string[];
  /** Nothing was looked for, because the pictures stay in their files. */
  isUnchecked?: boolean;
}

/** Nothing is looked for in images with numbers in place of classes, and in pictures that stay in their files. */
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

/** Labels that name no class can't be trained with; everything else that is found stays until somebody leaves it out. */
export function cleaned(parts: TrainAndTestParts, out: readonly Finding[]): TrainAndTest {
  if (!canBeChecked(parts)) return createDatasets(parts);
  const cleaning: Cleaning = { ...Object.fromEntries(out.map((finding) => [finding, true])), labels: true };
  return cleanDatasets(parts, cleaning);
}
