import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError } from '../errors.ts';
import { isCategorical } from '../model/loss.ts';
import type { Settings } from './settings.ts';

/** The loss, and the number of outputs of the model. */
export type LabelFacts = Pick<Settings, 'loss' | 'outputs'>;

/** The facts about a model that determine whether a data set fits it. */
export interface ModelFacts extends LabelFacts {
  inputShape: readonly number[];
}

export type Samples = Pick<Dataset, 'labels' | 'targets' | 'classNames' | 'count'>;

/**
 * True if the loss compares the outputs with one class per sample, as in most runs. targets.ts, loaded on demand, handles
 * everything else.
 */
export const areOnlyLabels = ({ loss }: LabelFacts, { targets }: Samples): boolean =>
  isCategorical(loss) && targets === undefined;

/** @throws ConfigurationError for a label outside the model's classes. */
export function requireLabelsBelow(classes: number, { labels }: Pick<Samples, 'labels'>): void {
  const most = (labels as Uint8Array).reduce((a, b) => Math.max(a, b), 0);
  if (most < classes) return;
  throw new ConfigurationError({
    what: 'A label is outside the classes of the model',
    found: `label ${most} at image ${labels.indexOf(most)}`,
    expected: `0 to ${classes - 1}`,
    fix: "give the last dense layer a unit for each of the data set's classes",
  });
}
