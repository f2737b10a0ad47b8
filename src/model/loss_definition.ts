import * as v from 'valibot';
import { number } from '../check.ts';

/**
 * The activation that the last layer of a model ends in. A softmax or sigmoid is computed together with its loss, from the numbers before
 * it (logits), because the log of a rounded probability loses most of its digits. `numbers` stands for every activation but
 * softmax; the layer applies it itself.
 */
export type LossEnding = 'softmax' | 'sigmoid' | 'numbers';

/** The metric that goes with the loss: a name of Keras' metrics in camelCase. */
export type LossMetric = 'accuracy' | 'meanAbsoluteError';

/** `labelSmoothing` of Keras' losses: the share of each label that is spread over all classes. */
export const labelSmoothing = { labelSmoothing: v.optional(number(0, 1), 0) };

type Schema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

/** All that model, data sets, page and saved runs know of a loss. Its kernel is in `src/plan/losses`. */
export interface LossDefinition<S extends Schema> {
  type: string;
  /** Checks the options and fills their defaults in. */
  schema: S;
  ending: LossEnding;
  /**
   * The targets that it compares the outputs with: a class index for each sample, shares of classes that add up to one, a number from
   * 0 to 1 for each output, or any numbers.
   */
  labels: 'classes' | 'shares' | 'zeroToOne' | 'numbers';
  metric: LossMetric;
  /** The loss of outputs that are the classes' shares, whatever the image: chance level. Left out where that isn't known. */
  chance?: (shares: readonly number[], options: v.InferOutput<S>) => number;
}

/** Minus the sum of targets times logs, where the targets are the shares, smoothed, and the outputs the same. */
export const entropy = (shares: readonly number[], smoothing = 0): number =>
  shares
    .map((share) => share * (1 - smoothing) + smoothing / shares.length)
    .reduce((sum, share) => (share > 0 ? sum - share * Math.log(share) : sum), 0);

/** Gives a definition its types. */
export const defineLoss = <const T extends string, S extends Schema>(
  definition: LossDefinition<S> & { type: T },
): LossDefinition<S> & { type: T } => definition;
