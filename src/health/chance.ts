import type { FilledLoss } from '../model/loss.ts';
import { lossDefinition } from '../model/losses/index.ts';

/** Loss and accuracy of a model whose prediction is always the class frequencies. */
export interface ChanceLevel {
  /** Undefined if no chance level is known for the loss. */
  loss?: number;
  /** Fraction of the most frequent class. */
  accuracy: number;
}

/**
 * Computes the chance level of a loss from the labels of the training images.
 *
 * @param labels a class index each; empty if the data set has targets instead.
 */
export function chanceLevel(loss: FilledLoss, labels: ArrayLike<number>, classes: number): ChanceLevel | undefined {
  if (labels.length === 0 || classes < 2) return undefined;
  const shares = new Array<number>(classes).fill(0);
  for (let i = 0; i < labels.length; i++) shares[labels[i]!]! += 1 / labels.length;
  const { chance } = lossDefinition(loss.type);
  return { ...(chance && { loss: chance(shares, loss) }), accuracy: Math.max(...shares) };
}
