type Numbers = ArrayLike<number>;

/** penalty = l2 * sum of w*w: what Keras' L2 regularizer adds to the loss */
export function l2Penalty(l2: number, w: Numbers): number {
  let squares = 0;
  for (let i = 0; i < w.length; i++) squares += w[i]! * w[i]!;
  return l2 * squares;
}

/** dw + 2 l2 w: the gradient with the penalty's */
export function regularize(l2: number, { dw, w }: { dw: Numbers; w: Numbers }): Float64Array {
  return Float64Array.from(dw, (g, i) => g + 2 * l2 * w[i]!);
}
