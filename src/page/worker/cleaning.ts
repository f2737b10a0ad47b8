import {
  type Cleaning,
  cleanDatasets,
  type Finding,
  findings,
  inspectDatasets,
  type TrainAndTest,
  type TrainAndTestParts,
} from '../../index.ts';

/** How many images of each part have each finding, and which classes have none. */
export interface Findings {
  counts: { finding: Finding; train: number; test: number }[];
  emptyClasses: string[];
}

export function findingsIn(parts: TrainAndTestParts): Findings {
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
  const cleaning: Cleaning = { ...Object.fromEntries(out.map((finding) => [finding, true])), labels: true };
  return cleanDatasets(parts, cleaning);
}
