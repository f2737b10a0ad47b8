import { count, counted } from '../figures.ts';
import type { LayerSummary } from '../index.ts';
import { type AskedLength, type Counts, type Plan, planRun } from '../train/run_length.ts';
import { aboutSeconds, estimatedStepMs, runSeconds } from '../train/run_time.ts';

/**
 * With these numbers a pair of the tutorial's network takes about a minute on a software adapter, so ten runs fit into a lunch
 * break.
 */
const softwarePart = { epochs: 3, trainSamples: 2000, testSamples: 1000 };

/** Plans as `train` does, but shortens runs that `train` would shorten even further: a comparison is ten runs. */
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

/** @param layers of both networks. */
export function comparisonCutLine(plan: Plan, layers: readonly (readonly LayerSummary[])[], batchSize: number): string {
  const { epochs, trainSamples, testSamples } = plan;
  const seconds = layers.map((each) => runSeconds(plan, batchSize, estimatedStepMs(each, batchSize)));
  const time = aboutSeconds(seconds.reduce((sum, each) => sum + each, 0));
  return (
    `cut      to ${counted(epochs, 'epoch')} of ${count(trainSamples)} training and ${counted(testSamples, 'test image')}, ` +
    `${time} a pair on a software adapter by a rough estimate; set --epochs or --train-samples to change this`
  );
}
