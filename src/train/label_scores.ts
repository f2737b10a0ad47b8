/** How well one of several labels that do not exclude each other is predicted. */
export interface LabelScores {
  /** The share of the samples predicted to have it that do have it; 0 where none is predicted to. */
  precision: number;
  /** The share of the samples that have it that are predicted to; 0 where none has it. */
  recall: number;
  /** The harmonic mean of the two: 2 TP / (2 TP + FP + FN). */
  f1Score: number;
  /** The share of all samples for which the prediction is right. */
  accuracy: number;
  /** Samples that have it. */
  support: number;
}

/** A probability above it predicts that a sample has the label, as in Keras. */
export const labelThreshold = 0.5;

/**
 * The scores of each label.
 *
 * @param targets [n, labels], 0 or 1; other numbers count as 1 above the threshold.
 * @param probabilities [n, labels], as `predict` gives them.
 */
export function labelScores(targets: Float32Array, probabilities: Float32Array, labels: number): LabelScores[] {
  const count = targets.length / labels;
  return Array.from({ length: labels }, (_, k) => {
    let [right, truePositives, support, predicted] = [0, 0, 0, 0];
    for (let i = k; i < targets.length; i += labels) {
      const [has, says] = [targets[i]! > labelThreshold, probabilities[i]! > labelThreshold];
      if (has) support++;
      if (says) predicted++;
      if (has && says) truePositives++;
      if (has === says) right++;
    }
    return {
      precision: ratio(truePositives, predicted),
      recall: ratio(truePositives, support),
      f1Score: ratio(2 * truePositives, support + predicted),
      accuracy: ratio(right, count),
      support,
    };
  });
}

const ratio = (part: number, all: number) => (all > 0 ? part / all : 0);
