type Numbers = ArrayLike<number>;

/** Keras' L1L2; either factor may be zero. */
export interface Regularizer {
  l1: number;
  l2: number;
}

/** penalty = l1 * sum of |w| + l2 * sum of w*w, which is added to the loss. */
export function weightPenalty({ l1, l2 }: Regularizer, w: Numbers): number {
  let sizes = 0;
  let squares = 0;
  for (let i = 0; i < w.length; i++) {
    sizes += Math.abs(w[i]!);
    squares += w[i]! * w[i]!;
  }
  // A zero factor gives no penalty, even for an infinite weight.
  return (l1 && l1 * sizes) + (l2 && l2 * squares);
}

/** dw + 2 l2 w + l1 sign(w): the gradient including the penalty's, where sign(0) is 0. */
export function regularize({ l1, l2 }: Regularizer, { dw, w }: { dw: Numbers; w: Numbers }): Float64Array {
  return Float64Array.from(dw, (g, i) => g + 2 * l2 * w[i]! + (l1 && l1 * Math.sign(w[i]!)));
}
