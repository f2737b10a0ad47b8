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

/** Every metric, in the order in which a list shows them. */
export const metricDefinitions = {
  accuracy: accuracyMetric,
  topKCategoricalAccuracy: topKCategoricalAccuracyMetric,
  precision: precisionMetric,
  recall: recallMetric,
  f1Score: f1ScoreMetric,
  balancedAccuracy: balancedAccuracyMetric,
  confusionMatrix: confusionMatrixMetric,
};

type Definitions = typeof metricDefinitions;
/** The type of a metric. */
export type MetricType = keyof MetricOptionsByType;
export const metricTypes = Object.keys(metricDefinitions) as MetricType[];

/**
 * A metric as plain JSON, or its type for its defaults. `name`, the type unless given, is what the figure is called in
 * evaluations, and with `validation` before it in records of epochs.
 */
export type MetricConfig = { [T in MetricType]: { type: T } & MetricOptionsByType[T] }[MetricType] | MetricType;
export type FilledMetric = { [T in MetricType]: v.InferOutput<Definitions[T]['schema']> }[MetricType] & {
  name: string;
  /** Samples count as much as they weigh. */
  isWeighted?: true;
};

// biome-ignore lint/suspicious/noExplicitAny: each definition takes its own options
export const metricDefinition = (type: MetricType): MetricDefinition<any> => metricDefinitions[type];

/** Names that an evaluation has already. */
const taken = ['loss'];

/**
 * Fills the defaults in, and the names; those that weigh the samples come last.
 *
 * @throws ConfigurationError for an unknown metric or option, a value out of range, and two figures of one name.
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
        what: 'Two metrics have one name',
        found: name,
        expected: 'a name for each figure',
        fix: `leave one of them out, or name it: { type: '${type}', name: '...' }`,
      });
    }
    names.push(name, byClassName(name));
  }
  return filled;
}

/** Its name is `weightedAccuracy` unless given: the same metric may be there without weights. */
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
      what: 'No such metric',
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

/** Under which name a metric's figures by class are stored. */
export const byClassName = (name: string): string => `${name}ByClass`;

/** @throws ConfigurationError for options that don't fit the number of classes. */
export function requireMetricsFit(metrics: readonly FilledMetric[], classes: number): void {
  for (const metric of metrics) {
    const wrong = metricDefinition(metric.type).check?.(metric, classes);
    if (wrong) throw new ConfigurationError({ what: `The metric ${metric.name} doesn't fit the model`, ...wrong });
  }
}

/** The metrics that an evaluation has to count for: accuracy is there anyway, where it has its usual name. */
export const countedMetrics = (metrics: readonly FilledMetric[]): FilledMetric[] =>
  metrics.filter(({ type, name }) => type !== 'accuracy' || name !== 'accuracy');

/** The figures by their names, and those by class. */
export function figuresOf(metrics: readonly FilledMetric[], tally: Tally): Record<string, MetricValue> {
  const entries = metrics.flatMap((metric): [string, MetricValue][] => {
    const { value, byClass } = metricDefinition(metric.type).compute(tally, metric);
    return [[metric.name, value], ...(byClass ? [[byClassName(metric.name), byClass] as [string, MetricValue]] : [])];
  });
  return Object.fromEntries(entries);
}

/** The name of a validation figure in an epoch's record. */
export const validationName = (name: string): `validation${string}` =>
  `validation${name[0]!.toUpperCase()}${name.slice(1)}`;
