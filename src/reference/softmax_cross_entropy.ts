type Numbers = ArrayLike<number>;

export interface SoftmaxCrossEntropyShape {
  batch: number;
  classes: number;
  /** Number of real samples; the empty slots after them get p and a gradient of zero. */
  count: number;
}

/**
 * p = softmax(z);  loss = -sum over n,k of t[n,k] log p[n,k];  dz[n,k] = (p[n,k] sum of t[n] - t[n,k]) / count
 *
 * t[n,k] is 1 for k = labels[n], or `targets[n,k]`, the soft label of class k for sample n.
 */
export function softmaxCrossEntropy(
  { batch, classes, count }: SoftmaxCrossEntropyShape,
  { z, labels, targets }: { z: Numbers; labels?: Numbers; targets?: Numbers },
): { p: Float64Array; dz: Float64Array; loss: number; correct: number } {
  const p = new Float64Array(batch * classes);
  const dz = new Float64Array(batch * classes);
  let loss = 0;
  let correct = 0;
  for (let n = 0; n < batch; n++) {
    const row = Array.from({ length: classes }, (_, k) => z[n * classes + k]!);
    const largest = Math.max(...row);
    const sum = row.reduce((total, value) => total + Math.exp(value - largest), 0);
    const t = row.map((_, k) => (targets ? targets[n * classes + k]! : Number(k === labels?.[n])));
    const whole = t.reduce((a, b) => a + b);
    for (let k = 0; k < classes; k++) {
      const probability = Math.exp(row[k]! - largest) / sum;
      p[n * classes + k] = probability;
      if (n < count) dz[n * classes + k] = (probability * whole - t[k]!) / count;
    }
    if (n < count) {
      row.forEach((value, k) => {
        if (t[k] !== 0) loss += t[k]! * (Math.log(sum) + largest - value);
      });
      // The first of several equal maxima counts, as with argmax.
      if (row.indexOf(largest) === t.indexOf(Math.max(...t))) correct++;
    }
  }
  return { p, dz, loss, correct };
}
