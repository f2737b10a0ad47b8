type Numbers = ArrayLike<number>;

/** squares = sum of g*g, and how many g aren't finite, over all the tensors given: one, or all of a layer */
export function gradientNorm(...tensors: Numbers[]): { squares: number; norm: number; nonFinite: number } {
  let squares = 0;
  let nonFinite = 0;
  for (const dw of tensors) {
    for (let i = 0; i < dw.length; i++) {
      squares += dw[i]! * dw[i]!;
      if (!Number.isFinite(dw[i])) nonFinite++;
    }
  }
  return { squares, norm: Math.sqrt(squares), nonFinite };
}
