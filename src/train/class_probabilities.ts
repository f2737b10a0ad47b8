/** A class and its predicted probability. */
export interface ClassProbability {
  /** Name of the class, from `classNames`. */
  className: string;
  /** 0 to 1. */
  probability: number;
}

/**
 * The most probable classes of each image in descending order. If probabilities are equal, the class with the lower index comes first.
 *
 * @param probabilities [n, outputs]. A single output is the probability of the second of two classes.
 * @param top maximum number of classes.
 */
export function topClasses(
  probabilities: Float32Array,
  outputs: number,
  classNames: readonly string[],
  top: number,
): ClassProbability[][] {
  return Array.from({ length: probabilities.length / outputs }, (_, n) => {
    const row = probabilities.subarray(n * outputs, (n + 1) * outputs);
    const all = outputs === 1 ? [1 - row[0]!, row[0]!] : Array.from(row);
    return all
      .map((probability, i) => ({ className: classNames[i] ?? String(i), probability }))
      .sort((a, b) => b.probability - a.probability)
      .slice(0, top);
  });
}
