/** The counts from which classification metrics are computed: the confusion matrix, and the rank of each label. */
export class Tally {
  readonly classes: number;
  /** [label, prediction], row by row: number of samples, or their total weight. */
  readonly confusion: Float64Array;
  /** [label]: samples whose probabilities are not finite, so that no class is predicted. */
  readonly unpredicted: Float64Array;
  /** [rank]: samples for which `rank` classes have a larger probability than the label. */
  readonly ranks: Float64Array;
  /** Number of samples, or the sum of their weights. */
  total = 0;

  constructor(classes: number) {
    this.classes = classes;
    this.confusion = new Float64Array(classes * classes);
    this.unpredicted = new Float64Array(classes);
    this.ranks = new Float64Array(classes);
  }

  /**
   * Counts samples.
   *
   * @param labels n class indices.
   * @param probabilities [n, classes]. Of equal ones the first is the prediction, as in NumPy's argmax. A tied label gets the
   * best rank, as in TensorFlow's `in_top_k`.
   * @param weights n weights; 1 by default.
   */
  add(labels: ArrayLike<number>, probabilities: ArrayLike<number>, weights?: ArrayLike<number>): void {
    const { classes } = this;
    for (let n = 0; n < labels.length; n++) {
      const label = labels[n]!;
      const weight = weights?.[n] ?? 1;
      const own = probabilities[n * classes + label]!;
      let [best, rank] = [-1, 0];
      for (let k = 0; k < classes; k++) {
        const probability = probabilities[n * classes + k]!;
        if (probability > (best < 0 ? -Infinity : probabilities[n * classes + best]!)) best = k;
        if (probability > own) rank++;
      }
      this.total += weight;
      if (best < 0) this.unpredicted[label]! += weight;
      else this.confusion[label * classes + best]! += weight;
      if (!Number.isNaN(own)) this.ranks[rank]! += weight;
    }
  }

  /** Samples of a class that were predicted as it. */
  truePositives(label: number): number {
    return this.confusion[label * this.classes + label]!;
  }

  /** Samples of a class, regardless of the prediction. */
  support(label: number): number {
    let sum = this.unpredicted[label]!;
    for (let k = 0; k < this.classes; k++) sum += this.confusion[label * this.classes + k]!;
    return sum;
  }

  /** Samples that were predicted as a class, regardless of their label. */
  predicted(label: number): number {
    let sum = 0;
    for (let k = 0; k < this.classes; k++) sum += this.confusion[k * this.classes + label]!;
    return sum;
  }
}
