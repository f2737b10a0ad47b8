/** The confusion matrix of a data set, and its wrong predictions. */
export interface Confusion {
  /** [label][prediction]: how many images. */
  counts: number[][];
  /** Over all images, 0 to 1. */
  accuracy: number;
  /** Wrong predictions, the most confident first. */
  mistakes: Mistake[];
}

/** A sample whose prediction is wrong. */
export interface Mistake {
  /** Index in the data set. */
  sample: number;
  /** The actual class, by its index. */
  label: number;
  /** The predicted class, by its index. */
  predicted: number;
  /** Probability of the predicted class, 0 to 1. */
  probability: number;
}

/**
 * Which classes are taken for which.
 *
 * @param labels n class indices.
 * @param probabilities [n, classes], as `predict` gives them. The first of equal ones counts; an image whose
 *   probabilities are not numbers is predicted as no class, and counts in `accuracy` alone.
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

/** The index of the largest number, the first of equal ones; -1 where none is a number. */
export function argmax(numbers: ArrayLike<number>): number {
  let best = -1;
  for (let i = 0; i < numbers.length; i++) {
    if (numbers[i]! > (best < 0 ? -Infinity : numbers[best]!)) best = i;
  }
  return best;
}
