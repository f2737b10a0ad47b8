type Numbers = ArrayLike<number>;

export interface SoftmaxCrossEntropyShape {
  batch: number;
  classes: number;
  /** Samples that are real; the slots behind them get p and a gradient of zero. */
  count: number;
}

/** p = softmax(z);  loss = -sum over n of log p[n, labels[n]];  dz[n,k] = (p[n,k] - [k = labels[n]]) / count */
export function softmaxCrossEntropy(
  { batch, classes, count }: SoftmaxCrossEntropyShape,
  { z, labels }: { z: Numbers; labels: Numbers },
): { p: Float64Array; dz: Float64Array; loss: number; hits: number } {
  const p = new Float64Array(batch * classes);
  const dz = new Float64Array(batch * classes);
  let loss = 0;
  let hits = 0;
  for (let n = 0; n < batch; n++) {
    const row = Array.from({ length: classes }, (_, k) => z[n * classes + k]!);
    const largest = Math.max(...row);
    const sum = row.reduce((total, value) => total + Math.exp(value - largest), 0);
    for (let k = 0; k < classes; k++) {
      const probability = Math.exp(row[k]! - largest) / sum;
      p[n * classes + k] = probability;
      if (n < count) dz[n * classes + k] = (probability - (k === labels[n] ? 1 : 0)) / count;
    }
    if (n < count) {
      loss += Math.log(sum) + largest - row[labels[n]!]!;
      // Of equal largest ones the first counts, as with argmax.
      if (row.indexOf(largest) === labels[n]) hits++;
    }
  }
  return { p, dz, loss, hits };
}
