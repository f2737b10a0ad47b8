/** Scores of one of several independent labels. */
export interface LabelScores {
  /** Fraction of the samples predicted to have the label that do have it; 0 if none is predicted to. */
  precision: number;
  /** Fraction of the samples with the label that are predicted to have it; 0 if none has it. */
  recall: number;
  /** Harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN). */
  f1Score: number;
  /** Fraction of all samples for which the prediction is correct. */
  accuracy: number;
  /** Number of samples that have the label. */
  support: number;
}

/** A sample is predicted to have a label if its probability exceeds this threshold, as in Keras. */
export const labelThreshold = 0.5;

/**
 * Computes the scores of each label.
 *
 * @param targets [n, labels], 0 or 1; other numbers count as 1 above the threshold.
 * @param probabilities [n, labels], as returned by `predict`.
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
