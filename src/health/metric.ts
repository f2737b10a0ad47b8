import type { EpochRecord } from './history.ts';

/** The metric of a record: accuracy, or mean absolute error for a regression loss. */
export type Measured = Partial<Record<Metric, number>>;
export type Metric = 'accuracy' | 'meanAbsoluteError';

const words: Record<Metric, string> = { accuracy: 'accuracy', meanAbsoluteError: 'mean absolute error' };

/** Which metric a record has. */
export const metricIn = (record: Measured): Metric =>
  record.meanAbsoluteError === undefined ? 'accuracy' : 'meanAbsoluteError';

/** Name of the metric in a sentence or table. */
export const measureName = (record: Measured | undefined): string => words[metricIn(record ?? {})];

export const measureValue = (record: Measured): number | undefined => record.accuracy ?? record.meanAbsoluteError;

/** The same metric after an epoch's validation. */
export const validationMeasure = (epoch: Pick<EpochRecord, 'validationAccuracy' | 'validationMeanAbsoluteError'>) =>
  epoch.validationAccuracy ?? epoch.validationMeanAbsoluteError;
