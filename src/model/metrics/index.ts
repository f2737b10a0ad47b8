import type * as v from 'valibot';
import { parse } from '../../check.ts';
import { ConfigurationError, suggest } from '../../errors.ts';
import { accuracyMetric } from './accuracy.ts';
import { balancedAccuracyMetric } from './balanced_accuracy.ts';
import { confusionMatrixMetric } from './confusion_matrix.ts';
import { f1ScoreMetric } from './f1_score.ts';
import type { MetricDefinition, MetricValue } from './metric_definition.ts';
import type { MetricOptionsByType } from './options.ts';
import { precisionMetric } from './precision.ts';
import { recallMetric } from './recall.ts';
import type { Tally } from './tally.ts';
import { topKCategoricalAccuracyMetric } from './top_k_categorical_accuracy.ts';

/** Every metric, in the order in which lists show them. */
export const metricDefinitions = {
  accuracy: accuracyMetric,
  topKCategoricalAccuracy: topKCategoricalAccuracyMetric,
  precision: precisionMetric,
  recall: recallMetric,
  f1Score: f1ScoreMetric,
  balancedAccuracy: balancedAccuracyMetric,
  confusionMatrix: confusionMatrixMetric,
} satisfies Record<MetricType, unknown>;

type Definitions = typeof metricDefinitions;
/** The type of a metric. */
export type MetricType = keyof MetricOptionsByType;
export const metricTypes = Object.keys(metricDefinitions) as MetricType[];

/**
 * A metric as plain JSON, or only its type to use its defaults. `name`, by default the type, is the name of the value in
 * evaluations and, prefixed with `validation`, in records of epochs.
 */
export type MetricConfig = { [T in MetricType]: { type: T } & MetricOptionsByType[T] }[MetricType] | MetricType;
export type FilledMetric = { [T in MetricType]: v.InferOutput<Definitions[T]['schema']> }[MetricType] & {
  name: string;
  /** True if each sample counts with its weight. */
  isWeighted?: true;
};

// biome-ignore lint/suspicious/noExplicitAny: each definition takes its own options
export const metricDefinition = (type: MetricType): MetricDefinition<any> => metricDefinitions[type];

/** Names that evaluations already use. */
const taken = ['loss'];

/**
 * Fills in the defaults and names. Weighted metrics come last.
 *
 * @throws ConfigurationError for an unknown metric or option, a value out of range, or two metrics of the same name.
 */
export function fillMetrics(
  metrics: readonly MetricConfig[] = [],
  weightedMetrics: readonly MetricConfig[] = [],
): FilledMetric[] {
  for (const [option, list] of Object.entries({ metrics, weightedMetrics })) {
    if (Array.isArray(list)) continue;
    throw new ConfigurationError({
      what: `${option} is invalid`,
      found: list,
      expected: `a list of some of ${metricTypes.join(', ')}, or of objects with such a type`,
    });
  }
  const filled = [...metrics.map(fillMetric), ...weightedMetrics.map(fillWeightedMetric)];
  const names = [...taken];
  for (const { name, type } of filled) {
    if (names.includes(name)) {
      throw new ConfigurationError({
        what: 'Two metrics have the same name',
        found: name,
        expected: 'a different name for each metric',
        fix: `leave one of them out, or name it: { type: '${type}', name: '...' }`,
      });
    }
    names.push(name, byClassName(name));
  }
  return filled;
}

/** The default name is `weightedAccuracy`, since the same metric may also be listed without weights. */
function fillWeightedMetric(config: MetricConfig): FilledMetric {
  const { type, name, ...options } = fillMetric(config);
  const isNamed = typeof config === 'object' && config.name !== undefined;
  const weighted = `weighted${type[0]!.toUpperCase()}${type.slice(1)}`;
  return { type, ...options, name: isNamed ? name : weighted, isWeighted: true } as FilledMetric;
}

function fillMetric(config: MetricConfig): FilledMetric {
  const json = typeof config === 'string' ? { type: config } : config;
  const type: unknown = json?.type;
  if (typeof type !== 'string' || !metricTypes.includes(type as MetricType)) {
    throw new ConfigurationError({
      what: 'Unknown metric',
      found: type ?? config,
      expected: metricTypes.join(', '),
      ...(typeof type === 'string' && { fix: suggest(type, metricTypes) }),
    });
  }
  const filled = parse(metricDefinition(type as MetricType).schema, json, `the metric ${type}`) as FilledMetric;
  if (filled.name !== undefined && !/^[A-Za-z]\w*$/.test(filled.name)) {
    throw new ConfigurationError({
      what: `The name of the metric ${type} is invalid`,
      found: filled.name,
      expected: 'a letter, then letters, digits and underscores',
    });
  }
  return { ...filled, name: filled.name ?? type };
}

/** Name under which a metric's values per class are stored. */
const byClassName = (name: string): string => `${name}ByClass`;

/** @throws ConfigurationError for options that don't fit the number of classes. */
export function requireMetricsFit(metrics: readonly FilledMetric[], classes: number): void {
  for (const metric of metrics) {
    const wrong = metricDefinition(metric.type).check?.(metric, classes);
    if (wrong) throw new ConfigurationError({ what: `The metric ${metric.name} doesn't fit the model`, ...wrong });
  }
}

/** The metrics that an evaluation has to count. Accuracy is counted anyway, unless it has another name. */
export const countedMetrics = (metrics: readonly FilledMetric[]): FilledMetric[] =>
  metrics.filter(({ type, name }) => type !== 'accuracy' || name !== 'accuracy');

/** The values by metric name, and the values per class. */
export function figuresOf(metrics: readonly FilledMetric[], tally: Tally): Record<string, MetricValue> {
  const entries = metrics.flatMap((metric): [string, MetricValue][] => {
    const { value, byClass } = metricDefinition(metric.type).compute(tally, metric);
    return [[metric.name, value], ...(byClass ? [[byClassName(metric.name), byClass] as [string, MetricValue]] : [])];
  });
  return Object.fromEntries(entries);
}

/** Name of a validation metric in an epoch's record. */
export const validationName = (name: string): `validation${string}` =>
  `validation${name[0]!.toUpperCase()}${name.slice(1)}`;
