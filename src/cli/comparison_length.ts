import { count } from '../figures.ts';
import { type AskedLength, type Counts, type Plan, planRun } from '../train/run_length.ts';

/** What a software adapter does of a pair of the tutorial's network in about a minute: ten runs end while one has lunch. */
const softwarePart = { epochs: 3, trainSamples: 2000, testSamples: 1000 };

/** As `train` plans a run, but of what is cut there, less: a comparison is ten runs. */
export function planComparison(asked: AskedLength, counts: Counts, software: boolean): Plan {
  const plan = planRun(asked, counts, software);
  if (!plan.cut) return plan;
  return {
    ...plan,
    epochs: softwarePart.epochs,
    trainSamples: softwarePart.trainSamples,
    testSamples: asked.testSamples ?? Math.min(softwarePart.testSamples, counts.test.count),
  };
}

export const comparisonCutLine = ({ epochs, trainSamples, testSamples }: Plan): string =>
  `cut      to ${epochs} epochs of ${count(trainSamples)} training and ${count(testSamples)} test images, ` +
  "about a minute a pair of the tutorial's network on a software adapter; --epochs or --train-samples lift it";
