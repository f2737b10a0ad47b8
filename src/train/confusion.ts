/** The confusion matrix of a data set, and its misclassified samples. */
export interface Confusion {
  /** [label][prediction]: number of images. */
  counts: number[][];
  /** Accuracy over all images, 0 to 1. */
  accuracy: number;
  /** Misclassified samples, the most confident first. */
  mistakes: Mistake[];
}

/** A misclassified sample. */
export interface Mistake {
  /** Index in the data set. */
  sample: number;
  /** Index of the actual class. */
  label: number;
  /** Index of the predicted class. */
  predicted: number;
  /** Probability of the predicted class, 0 to 1. */
  probability: number;
}

/**
 * Computes a confusion matrix.
 *
 * @param labels n class indices.
 * @param probabilities [n, classes], as returned by `predict`. Of equal ones the first is the prediction. An image with
 * non-finite probabilities has no prediction and counts only in `accuracy`.
 */
export function confusionOf(labels: ArrayLike<number>, probabilities: Float32Array): Confusion {
  const classes = labels.length ? probabilities.length / labels.length : 0;
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const mistakes: Mistake[] = [];
  let correct = 0;
  for (let sample = 0; sample < labels.length; sample++) {
    const label = labels[sample]!;
    const predicted = argmax(probabilities.subarray(sample * classes, (sample + 1) * classes));
    if (predicted < 0) continue;
    counts[label]![predicted]!++;
    if (predicted === label) correct++;
    else mistakes.push({ sample, label, predicted, probability: probabilities[sample * classes + predicted]! });
  }
  mistakes.sort((a, b) => b.probability - a.probability);
  return { counts, accuracy: correct / labels.length, mistakes };
}

/** Index of the largest number, the first one if several are equal; -1 if none is greater than -Infinity. */
export function argmax(numbers: ArrayLike<number>): number {
  let best = -1;
  for (let i = 0; i < numbers.length; i++) {
    if (numbers[i]! > (best < 0 ? -Infinity : numbers[best]!)) best = i;
  }
  return best;
}
