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
}

/** Of images with numbers in place of classes nothing is looked for. */
const haveClasses = ({ train: { classNames, targets } }: TrainAndTestParts) => !targets || classNames?.length !== 0;

export function findingsIn(parts: TrainAndTestParts): Findings {
  if (!haveClasses(parts)) return { counts: [], emptyClasses: [] };
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
  if (!haveClasses(parts)) return createDatasets(parts);
  const cleaning: Cleaning = { ...Object.fromEntries(out.map((finding) => [finding, true])), labels: true };
  return cleanDatasets(parts, cleaning);
}
