import type { EpochRecord } from './history.ts';

/** The metric of a record: accuracy, or the mean absolute error where the loss is of numbers. */
export type Measured = Partial<Record<Metric, number>>;
export type Metric = 'accuracy' | 'meanAbsoluteError';

const words: Record<Metric, string> = { accuracy: 'accuracy', meanAbsoluteError: 'mean absolute error' };

/** Which of them a record has. */
export const metricIn = (record: Measured): Metric =>
  record.meanAbsoluteError === undefined ? 'accuracy' : 'meanAbsoluteError';

/** Its name in a sentence or a table. */
export const measureName = (record: Measured | undefined): string => words[metricIn(record ?? {})];

export const measureValue = (record: Measured): number | undefined => record.accuracy ?? record.meanAbsoluteError;

/** The same of the validation after an epoch. */
export const validationMeasure = (epoch: Pick<EpochRecord, 'validationAccuracy' | 'validationMeanAbsoluteError'>) =>
  epoch.validationAccuracy ?? epoch.validationMeanAbsoluteError;
