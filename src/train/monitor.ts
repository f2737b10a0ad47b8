import { ConfigurationError, suggest } from '../errors.ts';
import type { EpochRecord } from '../health/history.ts';
import { type FilledMetric, metricDefinition, metricTypes, validationName } from '../model/metrics/index.ts';

/**
 * The direction that counts as an improvement. `auto` derives it from the name: smaller for losses, larger for accuracies and
 * scores.
 */
export type MonitorMode = 'auto' | 'min' | 'max';
export const monitorModes = ['auto', 'min', 'max'] as const satisfies readonly MonitorMode[];

/** A monitored value of the epochs, and the direction that counts as an improvement. */
export interface Monitor {
  name: string;
  mode: 'min' | 'max';
}

/** The values that the epochs of a run have besides the training loss. */
export interface Measured {
  /** True if there is a validation. */
  validation: boolean;
  /** True if there is none because `validationFreq` skips every epoch. */
  isLeftOut?: boolean;
  /** True if accuracy is measured, as for classification losses. */
  accuracy?: boolean;
  /** Metrics of the validation. */
  metrics?: readonly FilledMetric[];
}

type Direction = Monitor['mode'];

/** The values that a monitor can name, each with its direction. */
function directions({ validation, accuracy = true, metrics = [] }: Measured): Map<string, Direction> {
  const figures = new Map<string, Direction>([['loss', 'min']]);
  if (accuracy) figures.set('accuracy', 'max');
  else figures.set('meanAbsoluteError', 'min');
  if (!validation) return figures;
  const validated = [...figures];
  for (const { type, name } of metrics) {
    const { direction } = metricDefinition(type);
    if (direction) validated.push([name, direction]);
  }
  for (const [name, direction] of validated) figures.set(validationName(name), direction);
  return figures;
}

/** The names that can be monitored in such a run. */
export const monitorNames = (measured: Measured): string[] => [...directions(measured).keys()];

/**
 * The value that a callback or a checkpoint monitors.
 *
 * @param subject the first words of an error: "earlyStopping".
 * @throws ConfigurationError for a value that the run doesn't measure, with the nearest one that it does.
 */
export function monitorOf(
  { monitor: name, mode = 'auto' }: { monitor: string; mode?: MonitorMode },
  measured: Measured,
  subject: string,
): Monitor {
  const known = directions(measured);
  const direction = known.get(name);
  if (direction === undefined) throw notMeasured(name, measured, subject);
  return { name, mode: mode === 'auto' ? direction : mode };
}

function notMeasured(name: string, measured: Measured, subject: string): ConfigurationError {
  const names = monitorNames(measured);
  const metric = unlistedMetric(name);
  const keras = fromKeras(name);
  if (names.includes(keras)) {
    return new ConfigurationError({
      what: `${subject} monitors a metric by its Keras name`,
      found: name,
      expected: `one of ${names.join(', ')}`,
      fix: `did you mean "${keras}"?`,
      place: ['monitor'],
    });
  }
  const fixes = [
    ...(metric && !measured.metrics?.some(({ type }) => type === metric) ? [`add '${metric}' to metrics`] : []),
    ...(/^validation[A-Z]/.test(name) && !measured.validation
      ? [
          measured.isLeftOut
            ? 'validate within the epochs of the run: validationFreq leaves out all of them'
            : 'give validationData or validationSplit',
        ]
      : []),
  ];
  return new ConfigurationError({
    what: `${subject} monitors a metric that this run doesn't compute`,
    found: name,
    expected: `one of ${names.join(', ')}`,
    fix: fixes.length ? `${fixes.join(' and ')}, or monitor ${names[0]}` : suggest(name, names),
    place: ['monitor'],
  });
}

/** Converts Keras' name: `val_f1_score` becomes `validationF1Score`. */
const fromKeras = (name: string): string =>
  name.replace(/^val_/, 'validation_').replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** The metric that would be measured under that name if it were listed. */
function unlistedMetric(name: string): string | undefined {
  return metricTypes.find((type) => metricDefinition(type).direction && validationName(type) === name);
}

/** An epoch's value of the monitored quantity; undefined for an epoch without one, such as one that `validationFreq` skips. */
export function monitored(record: EpochRecord, { name }: Pick<Monitor, 'name'>): number | undefined {
  const value = (record as unknown as Record<string, unknown>)[name];
  return typeof value === 'number' ? value : undefined;
}

/**
 * True if a value improves on the best one by more than `minDelta`. The first value always does, unless it is NaN or infinitely
 * bad.
 */
export function isBetter({ mode }: Pick<Monitor, 'mode'>, value: number, best?: number, minDelta = 0): boolean {
  return mode === 'min' ? value + minDelta < (best ?? Infinity) : value - minDelta > (best ?? -Infinity);
}
