type Numbers = ArrayLike<number>;

/**
 * squares = sum of g*g, the number of non-finite g, and the largest |g| (NaN if any g is NaN), over the given tensors: a single
 * one, or all of a layer.
 */
export function gradientNorm(...tensors: Numbers[]): {
  squares: number;
  norm: number;
  nonFinite: number;
  largest: number;
} {
  let squares = 0;
  let nonFinite = 0;
  let largest = 0;
  for (const dw of tensors) {
    for (let i = 0; i < dw.length; i++) {
      squares += dw[i]! * dw[i]!;
      if (!Number.isFinite(dw[i])) nonFinite++;
      largest = Math.max(largest, Math.abs(dw[i]!));
    }
  }
  return { squares, norm: Math.sqrt(squares), nonFinite, largest };
}

/**
 * dz = rstd (h - mean(h) - xhat mean(h xhat)) of one unit: the gradient of a normalization's output with respect to its input,
 * where h is dy times gamma.
 */
export function normalizedGradient(h: readonly number[], xhat: readonly number[], rstd: number): number[] {
  const meanOfH = h.reduce((sum, value) => sum + value, 0) / h.length;
  const meanOfProducts = h.reduce((sum, value, i) => sum + value * xhat[i]!, 0) / h.length;
  return h.map((value, i) => rstd * (value - meanOfH - xhat[i]! * meanOfProducts));
}

/** The figures of an update: sum of w*w before, sum of u*u where u is the change, and the number of non-finite new w. */
export function measureUpdate(
  before: Numbers,
  after: Numbers,
): { weightSquares: number; updateSquares: number; nonFinite: number } {
  const added = Float64Array.from(after, (w, i) => w - before[i]!);
  return {
    weightSquares: gradientNorm(before).squares,
    updateSquares: gradientNorm(added).squares,
    nonFinite: gradientNorm(after).nonFinite,
  };
}
