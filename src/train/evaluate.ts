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
import type { Engine } from './engine.ts';
import { inferenceInput, inferencePass, type PassOptions } from './inference_pass.ts';
import { metricsOf } from './metrics_of.ts';
import type { Query } from './queries.ts';
import { requireDataset } from './require_dataset.ts';
import { requireSampleWeight } from './sample_weights.ts';
import {
  type FilledTestTimeAugmentation,
  fillTestTimeAugmentation,
  type TestTimeAugmentation,
} from './test_time_augmentation.ts';
import { requireMetricsFitLoss } from './trainer_options.ts';
import { evaluatedWeights, type WeightsOption, type WhichWeights } from './which_weights.ts';

export interface Evaluation extends MetricFigures {
  /** Mean over the samples. */
  loss: number;
  /** 0 to 1; undefined for a regression loss. */
  accuracy?: number;
  /** Mean of |output - target|, for a regression loss. */
  meanAbsoluteError?: number;
  /** The requested metrics, by name. Metrics with a value per class also have a list under `<name>ByClass`. */
  [metric: string]: MetricValue | undefined;
}

/** Options of `Trainer.evaluate`. */
export interface EvaluateOptions {
  /** Metrics besides loss and accuracy; the trainer's `metrics` by default. */
  metrics?: readonly MetricConfig[];
  /**
   * Averages the outputs over this many augmented samples of each image and computes loss and metrics from the means;
   * unaugmented by default.
   */
  testTimeAugmentation?: TestTimeAugmentation;
  /** Metrics in which samples count with their weights: Keras' weighted_metrics; the trainer's by default. */
  weightedMetrics?: readonly MetricConfig[];
  /** Weight of each sample in the loss and in `weightedMetrics`: [count], finite and >= 0; the data set's by default. */
  sampleWeight?: ArrayLike<number>;
}

const evaluateOptions = v.strictObject({
  metrics: v.optional(v.custom<readonly MetricConfig[]>(() => true)),
  weightedMetrics: v.optional(v.custom<readonly MetricConfig[]>(() => true)),
  sampleWeight: v.optional(v.custom<ArrayLike<number>>(() => true)),
  testTimeAugmentation: v.optional(v.custom<TestTimeAugmentation>(() => true)),
});

/** Options of an evaluation after validation, with defaults filled in. */
interface FilledEvaluateOptions {
  metrics?: readonly FilledMetric[];
  weightedMetrics?: readonly FilledMetric[];
  sampleWeight?: ArrayLike<number>;
  testTimeAugmentation?: FilledTestTimeAugmentation;
}

/** @throws ConfigurationError */
function fillEvaluateOptions(options: EvaluateOptions): FilledEvaluateOptions {
  const { metrics, weightedMetrics, sampleWeight, testTimeAugmentation } = parse(evaluateOptions, options, 'evaluate');
  return {
    ...(metrics !== undefined && { metrics: fillMetrics(metrics) }),
    ...(weightedMetrics !== undefined && { weightedMetrics: fillMetrics([], weightedMetrics) }),
    ...(sampleWeight !== undefined && { sampleWeight }),
    ...(testTimeAugmentation !== undefined && {
      testTimeAugmentation: fillTestTimeAugmentation(testTimeAugmentation),
    }),
  };
}

// For `fit`, which loads the code of validations as a whole.
export { inferenceInput };

/** Implements `Trainer.evaluate`: loss, accuracy and metrics on a data set. */
export const evaluateQuery: Query<[Dataset, (EvaluateOptions & WeightsOption)?], Evaluation> = async (
  { settings },
  dataset,
  { weights, ...options } = {},
) => {
  const which = evaluatedWeights(settings, { weights });
  requireDataset(dataset);
  const filled = fillEvaluateOptions(options);
  return (engine) => evaluate(engine, dataset, which, filled);
};

async function evaluate(
  engine: Engine,
  dataset: Dataset,
  weights: WhichWeights,
  { testTimeAugmentation, sampleWeight, ...given }: FilledEvaluateOptions,
): Promise<Evaluation> {
  const { outputs, loss } = engine.settings;
  const metrics = metricsOf(engine.settings.metrics, given);
  requireMetricsFitLoss(metrics, loss);
  requireMetricsFit(metrics, outputs);
  const weighted = {
    ...dataset,
    ...(sampleWeight && { sampleWeights: requireSampleWeight(sampleWeight, dataset.count) }),
  };
  if (testTimeAugmentation) {
    // Loaded on demand.
    const { augmentedPredictions } = await import('./augmented_predictions.ts');
    const { figuresOfPredictions } = await import('./prediction_loss.ts');
    const { predictions, figures } = await engine.withWeights(weights, () =>
      augmentedPredictions(engine, weighted, testTimeAugmentation),
    );
    const always = figures ?? figuresOfPredictions({ loss, outputs }, weighted, predictions);
    const counted = countedMetrics(metrics);
    if (counted.length === 0) return always;
    const counting = new Counting(counted, weighted, outputs);
    counting.add(predictions, 0);
    return { ...always, ...counting.figures() };
  }
  const input = await inferenceInput(engine, weighted);
  try {
    return await engine.withWeights(weights, () => evaluateInput(engine, input, weighted, metrics));
  } finally {
    await engine.scheduler.abandon();
    input.dispose();
  }
}

/** The same for a data set that is already on the GPU. */
export async function evaluateInput(
  engine: Engine,
  input: DatasetInput,
  dataset: Pick<Dataset, 'count' | 'labels' | 'targets' | 'classNames' | 'sampleWeights'>,
  metrics: readonly FilledMetric[],
  { again = false }: Pick<PassOptions, 'again'> = {},
): Promise<Evaluation> {
  const counted = countedMetrics(metrics);
  // Probabilities are read back only for metrics: loss and accuracy come from the steps' records.
  const { count } = dataset;
  if (counted.length === 0) return inferencePass(engine, input, count, { again });
  const counting = new Counting(counted, dataset, engine.settings.outputs);
  const always = await inferencePass(engine, input, count, {
    again,
    onProbabilities: (probabilities, first) => counting.add(probabilities, first),
  });
  return { ...always, ...counting.figures() };
}

/** Counts the samples of a data set for metrics: unweighted, and by weight for weighted metrics. */
class Counting {
  private readonly labels: ReturnType<typeof classesOf>;
  private readonly tallies: { metrics: readonly FilledMetric[]; tally: Tally; weights?: Float32Array }[];

  constructor(
    metrics: readonly FilledMetric[],
    dataset: Pick<Dataset, 'count' | 'labels' | 'targets' | 'classNames' | 'sampleWeights'>,
    private readonly classes: number,
  ) {
    this.labels = classesOf(dataset, classes);
    const { sampleWeights } = dataset;
    const weighted = metrics.filter(({ isWeighted }) => isWeighted);
    this.tallies = [
      { metrics: metrics.filter(({ isWeighted }) => !isWeighted), tally: new Tally(classes) },
      ...(weighted.length > 0
        ? [{ metrics: weighted, tally: new Tally(classes), ...(sampleWeights && { weights: sampleWeights }) }]
        : []),
    ];
  }

  /** @param probabilities [n, classes] of the samples starting at `first`. */
  add(probabilities: Float32Array, first: number): void {
    const end = first + probabilities.length / this.classes;
    for (const { tally, weights } of this.tallies) {
      tally.add(this.labels.subarray(first, end), probabilities, weights?.subarray(first, end));
    }
  }

  figures(): Record<string, MetricValue> {
    return Object.assign({}, ...this.tallies.map(({ metrics, tally }) => figuresOf(metrics, tally)));
  }
}
