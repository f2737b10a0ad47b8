import * as v from 'valibot';
import { parse } from '../check.ts';
import type { Dataset } from '../data/dataset.ts';
import type { MetricFigures } from '../model/metrics/figures.ts';
import {
  countedMetrics,
  type FilledMetric,
  figuresOf,
  fillMetrics,
  type MetricConfig,
  requireMetricsFit,
} from '../model/metrics/index.ts';
import type { MetricValue } from '../model/metrics/metric_definition.ts';
import { Tally } from '../model/metrics/tally.ts';
import type { DatasetInput } from '../plan/input.ts';
import { classesOf } from '../plan/targets.ts';
import type { Engine, WhichWeights } from './engine.ts';
import { inferencePass } from './inference_pass.ts';
import {
  augmentedProbabilities,
  type FilledTestTimeAugmentation,
  fillTestTimeAugmentation,
  requireTestTimeAugmentationFits,
  type TestTimeAugmentation,
} from './test_time_augmentation.ts';
import { requireMetricsOfClasses } from './trainer_options.ts';

export interface Evaluation extends MetricFigures {
  /** Mean over the samples. */
  loss: number;
  /** 0 to 1; undefined where the loss is of numbers. */
  accuracy?: number;
  /** Mean of |output - target|, where the loss is of numbers. */
  meanAbsoluteError?: number;
  /** Metrics that were asked for, by their names; those of classes have a list under `<name>ByClass`. */
  [metric: string]: MetricValue | undefined;
}

export interface EvaluateOptions {
  /** Metrics in addition to loss and accuracy; the trainer's `metrics` by default. */
  metrics?: readonly MetricConfig[];
  /** Averages the probabilities over this many augmented samples of each image; unaugmented by default. */
  testTimeAugmentation?: TestTimeAugmentation;
}

const evaluateOptions = v.strictObject({
  metrics: v.optional(v.custom<readonly MetricConfig[]>(() => true)),
  testTimeAugmentation: v.optional(v.custom<TestTimeAugmentation>(() => true)),
});

/** Options of an evaluation, checked and filled in. */
interface FilledEvaluateOptions {
  metrics?: readonly FilledMetric[];
  testTimeAugmentation?: FilledTestTimeAugmentation;
}

/** @throws ConfigurationError */
export function fillEvaluateOptions(options: EvaluateOptions): FilledEvaluateOptions {
  const { metrics, testTimeAugmentation } = parse(evaluateOptions, options, 'evaluate');
  return {
    ...(metrics !== undefined && { metrics: fillMetrics(metrics) }),
    ...(testTimeAugmentation !== undefined && {
      testTimeAugmentation: fillTestTimeAugmentation(testTimeAugmentation),
    }),
  };
}

/** Loss, accuracy and metrics on a data set: `Trainer.evaluate`. */
export async function evaluate(
  engine: Engine,
  dataset: Dataset,
  weights: WhichWeights,
  { metrics = engine.settings.metrics, testTimeAugmentation }: FilledEvaluateOptions,
): Promise<Evaluation> {
  const { outputs, loss } = engine.settings;
  requireMetricsOfClasses(metrics, loss);
  requireMetricsFit(metrics, outputs);
  if (testTimeAugmentation) {
    requireTestTimeAugmentationFits(engine.settings, dataset, testTimeAugmentation);
    const { probabilities, loss: mean } = await engine.withWeights(weights, () =>
      augmentedProbabilities(engine, dataset, testTimeAugmentation),
    );
    const tally = new Tally(outputs);
    tally.add(classesOf(dataset, outputs), probabilities);
    const { accuracy, ...figures } = figuresOf([accuracyFigure!, ...countedMetrics(metrics)], tally);
    return { loss: mean, accuracy: accuracy as number, ...figures };
  }
  const input = await engine.input(dataset, engine.plain, engine.steps.evaluation);
  try {
    return await engine.withWeights(weights, () => evaluateInput(engine, input, dataset, metrics));
  } finally {
    await engine.scheduler.abandon();
    input.dispose();
  }
}

const [accuracyFigure] = fillMetrics(['accuracy']);

/** The same on a data set that lies on the GPU already. */
export async function evaluateInput(
  engine: Engine,
  input: DatasetInput,
  dataset: Pick<Dataset, 'count' | 'labels' | 'targets' | 'classNames'>,
  metrics: readonly FilledMetric[],
): Promise<Evaluation> {
  const counted = countedMetrics(metrics);
  // Probabilities are read back for metrics only: loss and accuracy come from the steps' records.
  const { count } = dataset;
  if (counted.length === 0) return inferencePass(engine, input, count);
  const { outputs: classes } = engine.settings;
  const labels = classesOf(dataset, classes);
  const tally = new Tally(classes);
  const always = await inferencePass(engine, input, count, {
    onProbabilities: (probabilities, first) =>
      tally.add(labels.subarray(first, first + probabilities.length / classes), probabilities),
  });
  return { ...always, ...figuresOf(counted, tally) };
}
