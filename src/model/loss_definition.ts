import * as v from 'valibot';
import { number } from '../check.ts';

/**
 * The activation at the end of a model. Softmax and sigmoid are computed together with the loss, from the logits, because the
 * log of a rounded probability loses most of its digits. `numbers` means any activation except softmax, which the layer
 * applies itself.
 */
export type LossEnding = 'softmax' | 'sigmoid' | 'numbers';

/** The metric that goes with the loss: the name of a Keras metric in camelCase. */
export type LossMetric = 'accuracy' | 'meanAbsoluteError';

/** `labelSmoothing` of Keras' losses: the fraction of each label that is spread over all classes. */
export const labelSmoothing = { labelSmoothing: v.optional(number(0, 1), 0) };

type Schema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

/** Everything about a loss except its kernel, which is in `src/plan/losses`. */
export interface LossDefinition<S extends Schema> {
  type: string;
  /** Validates the options and fills in their defaults. */
  schema: S;
  ending: LossEnding;
  /**
   * The targets that the outputs are compared with: a class index per sample, class probabilities that add up to one, a number
   * from 0 to 1 per output, or arbitrary numbers.
   */
  labels: 'classes' | 'shares' | 'zeroToOne' | 'numbers';
  metric: LossMetric;
  /** The loss at chance level: if the outputs always equal the class frequencies. Undefined if it isn't known. */
  chance?: (shares: readonly number[], options: v.InferOutput<S>) => number;
}

/** Minus the sum of targets times logs, with the smoothed class frequencies as both targets and outputs. */
export const entropy = (shares: readonly number[], smoothing = 0): number =>
  shares
    .map((share) => share * (1 - smoothing) + smoothing / shares.length)
    .reduce((sum, share) => (share > 0 ? sum - share * Math.log(share) : sum), 0);

/** Infers the types of a definition. */
export const defineLoss = <const T extends string, S extends Schema>(
  definition: LossDefinition<S> & { type: T },
): LossDefinition<S> & { type: T } => definition;
